"""What the hub tells by itself: alerts, failed runs, and the weekly and monthly report.

Numbers come from the marts with the rights of the analyst; what was sent to whom is kept in
``audit.deliveries``, without an address.
"""
