"""Jobs, and when they start without being asked: schedules and sensors."""
