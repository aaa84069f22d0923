"""An agent of OpenAI's Agents SDK that works on the tasks at `/mcp`; its model is the scripted one."""

import asyncio
import json
import re

from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
from agents.mcp import MCPServerStreamableHttp
from openai import AsyncOpenAI

from rows import expect, kit, row, scene


async def work(known):
    """Adds, lists, changes, completes and deletes a task; the model asks for each by name."""
    me, done = known["person"], []
    params = {"url": f"{known['address']}/mcp", "headers": {"authorization": f"Bearer {known['key']}"}, "timeout": 60}
    model = OpenAIChatCompletionsModel("scripted", AsyncOpenAI(base_url=kit()["model"], api_key="none"))
    async with MCPServerStreamableHttp(params, client_session_timeout_seconds=60) as server:
        agent = Agent("clerk", model=model, mcp_servers=[server])

        async def call(tool, words, **arguments):
            run = Runner.run_streamed(agent, f"call {tool} {json.dumps({'user_id': me, **arguments})}")
            async for _ in run.stream_events():
                pass
            told = "".join(str(it.output) for it in run.new_items if it.type == "tool_call_output_item")
            expect(told, words)
            done.append(tool)
            return told

        added = await call("add_task", "Watch herons", title="Watch herons")
        task = find_id(added, me)
        await call("list_tasks", task, status="pending")
        await call("update_task", "Watch two herons", task_id=task, title="Watch two herons")
        await call("complete_task", "completed", task_id=task)
        await call("delete_task", task, task_id=task)
    return ", ".join(done)


def find_id(told, me):
    """The id of the only task that is spoken of."""
    ids = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", told)
    return next(it for it in ids if it != me)


async def main():
    set_tracing_disabled(True)
    known = scene()
    await row("galaxy", "/mcp, OpenAI Agents SDK", work(known))


asyncio.run(main())
