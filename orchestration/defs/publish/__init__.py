"""What people look at: dashboards, Data Docs, messages."""
