#!/bin/sh
# Asks the agent in every format that the relay speaks. You need curl, nothing else.
#
#     RELAY_URL=https://… RELAY_KEY=relay_… examples/curl.sh
#
# RELAY_URL is where the relay is; without it, the one that `npm start` runs on this machine. That one asks for no key.
set -eu
url=${RELAY_URL:-http://127.0.0.1:8787}
url=${url%/}
# Whoever knows its name is in the conversation, so it must be one that nobody guesses.
conversation=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

# -N shows what comes at once, instead of at the end.
ask() {
  printf '\n## %s\n' "$1"
  shift
  curl -sS -N --fail-with-body ${RELAY_KEY:+-H "authorization: Bearer $RELAY_KEY"} "$@"
  printf '\n'
}

# The prompt by itself: the agent's own bytes, plain text, or events as lines of JSON.
ask original "$url/" -d '{"prompt":"What is 12*(3+4)?"}'
ask transformed "$url/" -d '{"prompt":"What is 12*(3+4)?","response":"transformed"}'
ask 'transformed, by GET' -G "$url/" --data-urlencode 'prompt=What is 12*(3+4)?' -d response=transformed
ask ndjson "$url/" -d '{"prompt":"What is 12*(3+4)?","response":"ndjson"}'

# OpenAI's Chat Completions: streamed, whole, and the second question of a conversation that the agent remembers.
ask openai-chat "$url/v1/chat/completions" \
  -d '{"model":"agent","stream":true,"messages":[{"role":"user","content":"What is 12*(3+4)?"}]}'
ask 'openai-chat, whole' "$url/v1/chat/completions" \
  -H "x-session-id: $conversation" -d '{"messages":[{"role":"user","content":"My name is Ada."}]}'
ask 'openai-chat, remembered' "$url/v1/chat/completions" \
  -H "x-session-id: $conversation" -d '{"messages":[{"role":"user","content":"What is my name?"}]}'
ask 'openai-chat, models' "$url/v1/models"

# OpenAI's Responses.
ask openai-responses "$url/v1/responses" -d '{"model":"agent","stream":true,"input":"What is 12*(3+4)?"}'

# The AI SDK's useChat.
ask ui-message "$url/api/chat" \
  -d '{"id":"chat-'"$conversation"'","messages":[{"id":"1","role":"user","parts":[{"type":"text","text":"What is 12*(3+4)?"}]}]}'

# AG-UI.
ask ag-ui "$url/ag-ui" \
  -d '{"threadId":"thread-'"$conversation"'","runId":"run-1","state":{},"messages":[{"id":"1","role":"user","content":"What is 12*(3+4)?"}],"tools":[],"context":[],"forwardedProps":{}}'
