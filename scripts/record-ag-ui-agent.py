"""Python agents of other frameworks behind AG-UI on bedrock-agentcore, for scripts/record-fixtures.ts to record.

The models are scripted; everything between them and the wire is the packages' own. Run: record-ag-ui-agent.py <variant> <port>
"""

import sys
from typing import Any

from ag_ui.core import RunAgentInput
from bedrock_agentcore.runtime.ag_ui import build_ag_ui_app


def calculator(expression: str) -> dict:
    """Work out an arithmetic expression.

    Args:
        expression: The expression, such as 6*7.
    """
    return {"expression": expression, "value": 42}


def langgraph_app(nodes: Any, **options: Any) -> Any:
    """A compiled graph, as ag-ui-langgraph runs it."""
    from ag_ui_langgraph import LangGraphAgent
    from langgraph.checkpoint.memory import MemorySaver
    from langgraph.graph import MessagesState, StateGraph

    builder = StateGraph(MessagesState)
    nodes(builder)
    graph = builder.compile(checkpointer=MemorySaver())
    return build_ag_ui_app(LangGraphAgent(name="recorded", graph=graph, **options))


def with_model_and_tool(builder: Any) -> None:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk
    from langchain_core.outputs import ChatGenerationChunk
    from langgraph.prebuilt import ToolNode, tools_condition

    def usage(input_tokens: int, output_tokens: int, cache_read: int) -> dict:
        return {
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
            "input_token_details": {"cache_read": cache_read},
        }

    call = {"name": "calculator", "args": "", "id": "call_Zk3mQ1", "index": 0}
    arguments = [
        {"name": None, "args": part, "id": None, "index": 0}
        for part in ('{"expre', 'ssion": "6*7"}')
    ]
    calls = iter(
        [
            [
                AIMessageChunk(content="Let me calculate.", id="message-1"),
                AIMessageChunk(content="", id="message-1", tool_call_chunks=[call]),
                *[AIMessageChunk(content="", id="message-1", tool_call_chunks=[part]) for part in arguments],
                AIMessageChunk(content="", id="message-1", usage_metadata=usage(38, 27, 0)),
            ],
            [
                AIMessageChunk(content="6 × 7", id="message-2"),
                AIMessageChunk(content=" = 42. 🎉", id="message-2", usage_metadata=usage(61, 19, 32)),
            ],
        ]
    )

    class ScriptedModel(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "scripted"

        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            raise NotImplementedError

        async def _astream(self, *args: Any, **kwargs: Any) -> Any:
            for chunk in next(calls):
                yield ChatGenerationChunk(message=chunk)

    model = ScriptedModel()

    async def chat(state: dict) -> dict:
        return {"messages": [await model.ainvoke(state["messages"])]}

    builder.add_node("chat", chat)
    builder.add_node("tools", ToolNode([calculator]))
    builder.set_entry_point("chat")
    builder.add_conditional_edges("chat", tools_condition)
    builder.add_edge("tools", "chat")


def without_streaming(builder: Any) -> None:
    from langchain_core.messages import AIMessage

    builder.add_node("answer", lambda state: {"messages": [AIMessage(content="42, and no model said it.")]})
    builder.set_entry_point("answer")


def pydantic_ai_app() -> Any:
    from pydantic_ai import Agent
    from pydantic_ai.models.function import DeltaThinkingPart, DeltaToolCall, FunctionModel
    from pydantic_ai.ui.ag_ui import AGUIAdapter

    calls = iter(
        [
            [
                {0: DeltaThinkingPart(content="The user wants ")},
                {0: DeltaThinkingPart(content="a product.")},
                {0: DeltaThinkingPart(signature="EpUBCkYIBxgCKkA=")},
                {1: DeltaToolCall(name="calculator", json_args='{"expre', tool_call_id="call_Zk3mQ1")},
                {1: DeltaToolCall(json_args='ssion": "6*7"}')},
            ],
            ["6 × 7", " = 42.", " 🎉"],
        ]
    )

    async def scripted(messages: Any, info: Any) -> Any:
        for part in next(calls):
            yield part

    agent = Agent(FunctionModel(stream_function=scripted), tools=[calculator])

    async def invoke(run_input: RunAgentInput) -> Any:
        async for event in AGUIAdapter(agent=agent, run_input=run_input, include_usage=True).run_stream():
            yield event

    return build_ag_ui_app(invoke)


VARIANTS = {
    # With LangGraph's own events, which repeat the state every time, it would be ten times as long.
    "ag-ui-langgraph-tool": lambda: langgraph_app(with_model_and_tool, emit_raw_events=False),
    "ag-ui-langgraph-snapshot": lambda: langgraph_app(without_streaming),
    "ag-ui-pydantic-ai-tool": pydantic_ai_app,
}

if __name__ == "__main__":
    VARIANTS[sys.argv[1]]().run(port=int(sys.argv[2]), host="127.0.0.1")
