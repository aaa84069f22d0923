"""The gateway by the protocol's own Python library, in both modes."""

import asyncio

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from rows import expect, row, scene


async def reach(server, key, mode):
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(server["url"], http_client=http)
        async with Client(transport, mode=mode) as client:
            tools = (await client.list_tools()).tools
            result = await client.call_tool(server["tool"], server["args"])
            expect(result.model_dump_json(), server["says"])
            return f"{len(tools)} tools, {client.protocol_version}"


async def main():
    known = scene()
    for server in known["servers"]:
        for mode in ("auto", "legacy"):
            await row(server["name"], f"gateway, Python {mode}", reach(server, known["key"], mode))


asyncio.run(main())
