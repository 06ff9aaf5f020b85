"""What a battery does in a test: cells, schedules, and a test that runs. It knows no bytes and no device."""
