"""The door for programs: routes, schemas, problems, OpenAPI, sessions and tokens."""
