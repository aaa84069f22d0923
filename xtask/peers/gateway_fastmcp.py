"""The gateway by FastMCP's client."""

import asyncio

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from rows import expect, row, scene


async def reach(server, key):
    headers = {"authorization": f"Bearer {key}"}
    async with Client(StreamableHttpTransport(server["url"], headers=headers)) as client:
        tools = await client.list_tools()
        result = await client.call_tool(server["tool"], server["args"])
        expect(repr(result), server["says"])
        return f"{len(tools)} tools"


async def main():
    known = scene()
    for server in known["servers"]:
        await row(server["name"], "gateway, FastMCP", reach(server, known["key"]))


asyncio.run(main())
