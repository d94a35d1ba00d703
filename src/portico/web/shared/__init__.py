"""What the portal pages and the console share: sessions, cookies, CSRF, forms, static files."""
