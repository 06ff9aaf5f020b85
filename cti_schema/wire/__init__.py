"""From bytes to messages and back. Nothing here knows a message by name."""
