select coalesce({{ clock_setting('as_of_date') }}, {{ last_complete_day() }}) as as_of_date
