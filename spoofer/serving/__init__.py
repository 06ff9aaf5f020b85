"""Parts of the asyncio shell: one client, what clients share, kept answers, UDP."""
