"""A local stand-in for the welfare and endowment portals: real HTTP, invented news."""
