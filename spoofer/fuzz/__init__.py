"""Fuzzing of whatever speaks CTI: mutated messages, campaigns, and a cycler that plays with clients."""
