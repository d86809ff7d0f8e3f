"""Jobs, and when they start without being asked: schedules and sensors."""

import warnings

import dagster as dg

# Dagster warns whoever makes a sensor of an argument that it passes itself.
warnings.filterwarnings("ignore", message="Parameter `owners`", category=dg.BetaWarning)
