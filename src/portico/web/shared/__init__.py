"""What the portal page and the console share: sign-in, cookies, CSRF, forms, static files."""
