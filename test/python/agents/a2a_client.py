"""A client of A2A that signs as AWS's own do. Run: a2a_client.py <url of the runtime> <session id> <message>…

Prints the name and the place of the agent's card, then what each message is answered, a line of JSON each.
"""

import asyncio
import json
import sys
from typing import Any
from uuid import uuid4

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, TextPart
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Signed(httpx.Auth):
    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Any:
        unsigned = AWSRequest(request.method, str(request.url), data=request.content, headers={"host": request.headers["host"]})
        SigV4Auth(Credentials("AKIDLOCAL0000000", "local-secret"), "bedrock-agentcore", "eu-west-1").add_auth(unsigned)
        request.headers.update(dict(unsigned.headers))
        yield request


async def main(url: str, session_id: str, *messages: str) -> None:
    headers = {"X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": session_id}
    async with httpx.AsyncClient(auth=Signed(), headers=headers, timeout=60) as http:
        card = await A2ACardResolver(httpx_client=http, base_url=url).get_agent_card()
        print(json.dumps([card.name, card.url]))
        client = ClientFactory(ClientConfig(httpx_client=http, streaming=True)).create(card)
        for message in messages:
            parts = [Part(TextPart(text=message))]
            words = []
            async for event in client.send_message(Message(role=Role.user, parts=parts, message_id=uuid4().hex)):
                task = event[0] if isinstance(event, tuple) else None
                words = [part.root.text for artifact in (task.artifacts or []) for part in artifact.parts] if task else words
            print(json.dumps("".join(words)))


asyncio.run(main(*sys.argv[1:]))
