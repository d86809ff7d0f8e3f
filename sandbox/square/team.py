"""Square's team members and their timecards."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.square.books import Books
from sandbox.square.documents import Documents, Json, stamp, without_nulls
from sandbox.square.paging import Call, SquareError, cut, moment, read_cursor

MOST = 200
TIMES = {"START_AT": "started_at", "END_AT": "ended_at", "CREATED_AT": "started_at",
         "UPDATED_AT": "updated_at"}  # fmt: skip


class Team:
    """Answers ``/v2/team-members`` and ``/v2/labor``."""

    def __init__(self, books: Books, documents: Documents) -> None:
        """The team of one account."""
        self.books, self.documents = books, documents

    def members(self, call: Call) -> Json:
        """POST /v2/team-members/search."""
        query = call.body.get("query") or {}
        asked = query.get("filter") or {}
        where: list[str] = ["true"]
        values: list[Any] = []
        if asked.get("location_ids"):
            where.append("location_id in (select unnest(?))")
            values.append(asked["location_ids"])
        if asked.get("status"):
            where.append(f"is_active = {asked['status'] == 'ACTIVE'}")
        if (last := read_cursor(query, call.body.get("cursor"))) is not None:
            where.append("staff_id > ?")
            values += last
        limit = min(int(call.body.get("limit") or MOST), MOST)
        rows = self.books.rows(
            f"select * from square_staff where {' and '.join(where)} "
            f"order by staff_id limit {limit + 1}", *values,
        )  # fmt: skip
        page, following = cut(rows, limit, query, "staff_id")
        return {"team_members": [self._member(row) for row in page], **following}

    def _member(self, row: Json) -> Json:
        wage = {
            "job_title": row["job"], "pay_type": "HOURLY", "job_id": _job(row["job"]),
            "hourly_rate": self.documents.money(row["hourly_wage_cents"]),
        }  # fmt: skip
        hired, changed = stamp(row["hired_at"]), stamp(row["updated_at"])
        email = f"staff{row['staff_id']}@example.com"
        return {
            "id": row["id"], "is_owner": False, "reference_id": str(row["staff_id"]),
            "status": "ACTIVE" if row["is_active"] else "INACTIVE",
            "given_name": row["given_name"], "family_name": row["family_name"],
            "email_address": email, "created_at": hired, "updated_at": changed,
            "assigned_locations": {"assignment_type": "EXPLICIT_LOCATIONS",
                                   "location_ids": [row["location_id"]]},
            "wage_setting": {"team_member_id": row["id"], "job_assignments": [wage],
                             "is_overtime_exempt": False, "version": 1,
                             "created_at": hired, "updated_at": changed},
        }  # fmt: skip

    def timecards(self, call: Call) -> Json:
        """POST /v2/labor/timecards/search."""
        query = call.body.get("query") or {}
        where, values = _timecard_filter(query.get("filter") or {})
        sort = query.get("sort") or {}
        column = TIMES[sort.get("field", "START_AT")]
        sign, way = (">", "asc") if sort.get("order") == "ASC" else ("<", "desc")
        if (last := read_cursor(query, call.body.get("cursor"))) is not None:
            where.append(f"(coalesce({column}, now_at()), timecard_id) {sign} (?, ?)")
            values += [moment(last[0]), last[1]]
        limit = min(int(call.body.get("limit") or MOST), MOST)
        rows = self.books.rows(
            f"select *, coalesce({column}, now_at()) as sorted_at from square_timecards "
            f"where {' and '.join(where)} "
            f"order by sorted_at {way}, timecard_id {way} limit {limit + 1}", *values,
        )  # fmt: skip
        page, following = cut(rows, limit, query, "sorted_at", "timecard_id")
        return {"timecards": [self._timecard(row) for row in page], **following}

    def _timecard(self, row: Json) -> Json:
        """A timecard; a break that was not paid is no working time."""
        minutes, kind = (10, "Tea break") if row["is_break_paid"] else (30, "Lunch")
        pause = without_nulls({
            "id": f"{row['id']}-break", "break_type_id": f"BREAK{minutes}", "name": kind,
            "expected_duration": f"PT{minutes}M", "is_paid": row["is_break_paid"],
            "start_at": _stamped(row["break_started_at"]),
            "end_at": _stamped(row["break_ended_at"]),
        })  # fmt: skip
        return without_nulls({
            "id": row["id"], "team_member_id": row["team_member_id"],
            "location_id": row["location_id"], "timezone": row["time_zone"],
            "start_at": stamp(row["started_at"]), "end_at": _stamped(row["ended_at"]),
            "wage": {"title": row["job"], "job_id": _job(row["job"]), "tip_eligible": True,
                     "hourly_rate": self.documents.money(row["hourly_wage_cents"])},
            "breaks": [pause] if row["break_started_at"] else [],
            "status": "CLOSED" if row["ended_at"] else "OPEN", "version": row["version"],
            "created_at": stamp(row["started_at"]), "updated_at": stamp(row["updated_at"]),
        })  # fmt: skip


def _job(title: str) -> str:
    return "JOB-" + title.upper().replace(" ", "-")


def _stamped(at: Any) -> str | None:
    return stamp(at) if at else None


def _timecard_filter(asked: Json) -> tuple[list[str], list[Any]]:
    where: list[str] = ["true"]
    values: list[Any] = []
    for name, column in (("location_ids", "location_id"), ("team_member_ids", "team_member_id")):
        if asked.get(name):
            where.append(f"{column} in (select unnest(?))")
            values.append(asked[name])
    if asked.get("status"):
        where.append(f"(ended_at is null) = {asked['status'] == 'OPEN'}")
    bounds = [(f"{column} {sign} ?", moment(asked[field][name]))
              for field, column in (("start", "started_at"), ("end", "ended_at"))
              for name, sign in (("start_at", ">="), ("end_at", "<"))
              if (asked.get(field) or {}).get(name)]  # fmt: skip
    if workday := asked.get("workday"):
        bounds += _workday(workday)
    for condition, value in bounds:
        where.append(condition)
        values.append(value)
    return where, values


def _workday(workday: Json) -> list[tuple[str, Any]]:
    """Days of the location's own clock."""
    if workday.get("match_timecards_by", "START_AT") != "START_AT":
        raise SquareError("BAD_REQUEST", "The sandbox matches timecards by START_AT.")
    ZoneInfo(workday.get("default_timezone") or "UTC")
    day = "cast(timezone(time_zone, started_at) as date)"
    dates = workday.get("date_range") or {}
    return [
        (f"{day} {sign} ?", date.fromisoformat(dates[name]))
        for name, sign in (("start_date", ">="), ("end_date", "<=")) if dates.get(name)
    ]  # fmt: skip
