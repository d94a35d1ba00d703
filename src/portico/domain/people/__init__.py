"""Values and rules of administrators, portal users, groups, providers, sessions and sign-in."""
