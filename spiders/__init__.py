"""Who publishes, and how their pages are reached."""
