"""What the device is made of: its channels, and what can be done with them. No bytes, no sockets."""
