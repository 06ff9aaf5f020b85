"""The file area of a cycler: one folder that nothing can leave."""
