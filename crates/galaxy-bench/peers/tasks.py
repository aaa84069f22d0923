"""The five task tools as a FastMCP server over SQLite: what Galaxy's own are measured beside."""

import socket
import sqlite3
import sys
import uuid

import uvicorn
from fastmcp import FastMCP

server = FastMCP("tasks")
database = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
database.execute(
    "CREATE TABLE task (id TEXT PRIMARY KEY, title TEXT NOT NULL, description TEXT, "
    "completed INTEGER NOT NULL DEFAULT 0)"
)


def found(task_id: str) -> dict:
    row = database.execute(
        "SELECT id, title, description, completed FROM task WHERE id = ?", (task_id,)
    ).fetchone()
    if row is None:
        raise ValueError("there is no such task")
    return dict(zip(("id", "title", "description", "completed"), row))


@server.tool
async def add_task(title: str, description: str | None = None) -> dict:
    """Adds a task to the list."""
    task_id = str(uuid.uuid4())
    database.execute(
        "INSERT INTO task (id, title, description) VALUES (?, ?, ?)", (task_id, title, description)
    )
    return found(task_id)


@server.tool
async def list_tasks(completed: bool | None = None) -> list[dict]:
    """Lists the newest tasks."""
    rows = database.execute(
        "SELECT id FROM task WHERE ? IS NULL OR completed = ? ORDER BY rowid DESC LIMIT 50",
        (completed, completed),
    )
    return [found(row[0]) for row in rows]


@server.tool
async def update_task(task_id: str, title: str | None = None, description: str | None = None) -> dict:
    """Changes a task."""
    database.execute(
        "UPDATE task SET title = coalesce(?, title), description = coalesce(?, description) "
        "WHERE id = ?",
        (title, description, task_id),
    )
    return found(task_id)


@server.tool
async def complete_task(task_id: str) -> dict:
    """Marks a task as done."""
    database.execute("UPDATE task SET completed = 1 WHERE id = ?", (task_id,))
    return found(task_id)


@server.tool
async def delete_task(task_id: str) -> dict:
    """Removes a task."""
    task = found(task_id)
    database.execute("DELETE FROM task WHERE id = ?", (task_id,))
    return task


def main() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(f"listens on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    app = server.http_app(path="/mcp", stateless_http=True, json_response=True)
    config = uvicorn.Config(app, log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


main()
