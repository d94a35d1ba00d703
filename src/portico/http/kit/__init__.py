"""What every API operation needs: wire conventions, calls, answers, errors, OpenAPI."""
