"""What a fault is and does: the kinds, and the parts that `spoofer.faults` puts together."""
