"""Fuzzing of whatever speaks CTI: mutated messages, campaigns against servers, a server that plays with clients."""
