"""A model without a network: it does what the last prompt says, and the same every time."""

import asyncio
import os
from pathlib import Path
from typing import Any

from strands import tool
from strands.models.model import Model


@tool
def calculator(expression: str) -> str:
    """Work out a product.

    Args:
        expression: Two factors, such as 6*7.
    """
    left, right = expression.split("*")
    return str(int(left) * int(right))


def text_of(content: list[dict]) -> str:
    return "".join(block.get("text", "") for block in content)


class OfflineModel(Model):
    """Sends what Bedrock's ConverseStream sends."""

    def update_config(self, **model_config: Any) -> None:
        pass

    def get_config(self) -> dict:
        return {"model_id": "offline"}

    def structured_output(self, output_model: Any, prompt: Any, system_prompt: Any = None, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        last = messages[-1]["content"]
        yield {"messageStart": {"role": "assistant"}}
        results = [block["toolResult"] for block in last if "toolResult" in block]
        if results:
            async for event in self.text("It is ", results[0]["content"][0]["text"], "."):
                yield event
            return
        command, _, rest = text_of(last).partition(" ")
        match command:
            case "calculate":
                async for event in self.call(rest):
                    yield event
            case "who":
                turns = [message for message in messages if message["role"] == "user"]
                async for event in self.text(f"{os.getpid()}", f" {len(turns)}"):
                    yield event
            case "steps":
                yield self.delta({"text": "one "})
                while not Path(rest).exists():
                    await asyncio.sleep(0.01)
                async for event in self.text("two"):
                    yield event
            case "hang":
                yield self.delta({"text": f"{os.getpid()} "})
                await asyncio.sleep(3600)
            case "fail":
                yield self.delta({"text": "I was about to say"})
                raise RuntimeError("AccessDenied: arn:aws:iam::123456789012:role/agent may not invoke the model")
            case _:
                async for event in self.text(f"You said: {text_of(last)}"):
                    yield event

    async def text(self, *parts: str) -> Any:
        for part in parts:
            yield self.delta({"text": part})
        yield {"contentBlockStop": {"contentBlockIndex": 0}}
        for event in self.ending("end_turn", 10, len(parts)):
            yield event

    async def call(self, expression: str) -> Any:
        start = {"toolUse": {"toolUseId": "tooluse_1", "name": "calculator"}}
        yield {"contentBlockStart": {"start": start, "contentBlockIndex": 0}}
        for part in ('{"expression": ', f'"{expression}"}}'):
            yield self.delta({"toolUse": {"input": part}})
        yield {"contentBlockStop": {"contentBlockIndex": 0}}
        for event in self.ending("tool_use", 20, 5):
            yield event

    def delta(self, delta: dict) -> dict:
        return {"contentBlockDelta": {"delta": delta, "contentBlockIndex": 0}}

    def ending(self, stop_reason: str, input_tokens: int, output_tokens: int) -> list[dict]:
        total = input_tokens + output_tokens
        usage = {"inputTokens": input_tokens, "outputTokens": output_tokens, "totalTokens": total}
        return [
            {"messageStop": {"stopReason": stop_reason}},
            {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}},
        ]
