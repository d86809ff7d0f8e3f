"""Around the runs: services, the demo, connections, exports, the doctor."""
