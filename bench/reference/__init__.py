"""The reference: the same operations on FastAPI, Pydantic, SQLAlchemy's async ORM and PyJWT."""
