/**
 * Anthropic's Messages API on loopback, as far as Claude Code asks for it. No model is behind it: what it says is written
 * down beforehand, and what it was asked is kept, so that a test can look at what a model would have read.
 *
 * The client sends the whole conversation and gets one message; if that calls tools, it runs them and sends the conversation
 * again, with what they returned. A subagent is a conversation of its own, told apart by a header; so is a client that an
 * agent has started, told apart by its prompt.
 */

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'

export interface ToolCall {
  readonly name: string
  readonly input: object
}

/** One message of the model: the calls that it makes, or the words with which it ends its turn. */
export type Message = readonly ToolCall[] | string

/** What each agent says, message by message: the main one, and subagents and nested clients by the prompts that start them. */
export interface Scenario {
  readonly main: readonly Said[]
  readonly [prompt: string]: readonly Said[]
}

/** Instead of a message: the status with which the provider refuses the request, such as 429. */
export interface HttpError {
  readonly http_error: number
}

/** A message that has to wait for something is a function. */
export type Said = Message | HttpError | (() => Promise<Message>)

const NOTHING_LEFT = 'I have nothing more to say.'

/** One request of the client. */
export interface Asked {
  /** "main", or the prompt that started the subagent or nested client. */
  readonly by: string
  /** The client's own id of the subagent. */
  readonly agentId: string | undefined
  /** What the calls of the model's last message returned. */
  readonly results: readonly Result[]
  /** Whatever else the model has not read before. */
  readonly text: string
}

export interface Result {
  readonly text: string
  readonly isError: boolean
}

export interface MessagesApi {
  readonly url: string
  /** Every request, in the order in which they came. */
  readonly asked: readonly Asked[]
  /** What was asked that no scenario or API knows of. */
  readonly problems: readonly string[]
  readonly close: () => Promise<void>
}

/** A conversation as the client sends it: what we read of it. */
interface Conversation {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[]
}

interface Block {
  readonly type: string
  readonly text?: string
  /** Of a tool_result. */
  readonly content?: string | readonly Block[]
  readonly is_error?: boolean
}

export async function serveMessagesApi(scenario: Scenario): Promise<MessagesApi> {
  const asked: Asked[] = []
  const problems: string[] = []
  const server = createServer((request, response) => {
    answer(request, response, scenario, asked).catch((error: Error) => {
      problems.push(error.message)
      refuse(response, error.message)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('listens on no port')
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${address.port}`, asked, problems, close }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  scenario: Scenario,
  asked: Asked[],
): Promise<void> {
  const { method, url = '', headers } = request
  if (method !== 'POST' || !/^\/v1\/messages(\?|$)/.test(url))
    throw new Error(`nothing here answers ${method} ${url}`)
  const conversation = (await json(request)) as Conversation
  const one = readRequest(headers, conversation, scenario)
  asked.push(one)
  const nth = asked.filter(({ by, agentId }) => by === one.by && agentId === one.agentId).length
  const said = scenario[one.by]?.[nth - 1] ?? NOTHING_LEFT
  if (typeof said === 'object' && 'http_error' in said) return refuse(response, 'refused', said.http_error)
  stream(response, conversation.model, typeof said === 'function' ? await said() : said)
}

function readRequest(headers: IncomingHttpHeaders, { messages }: Conversation, scenario: Scenario): Asked {
  const agentId = headers['x-claude-code-agent-id']?.toString()
  const said = messages.findLastIndex(({ role }) => role === 'assistant')
  const unread = messages.slice(said + 1).flatMap(({ content }) => blocksOf(content))
  const results = unread.filter(({ type }) => type === 'tool_result')
  return {
    by: partOf(textOf(messages[0]?.content), agentId, scenario),
    agentId,
    results: results.map(({ content, is_error = false }) => ({ text: textOf(content), isError: is_error })),
    text: textOf(unread),
  }
}

function partOf(text: string, agentId: string | undefined, { main: _, ...others }: Scenario): string {
  const prompt = Object.keys(others).find((known) => text.includes(known))
  if (prompt !== undefined) return prompt
  if (agentId === undefined) return 'main'
  throw new Error(`the scenario has no part for a subagent that was told: …${text.slice(-200)}`)
}

function blocksOf(content: string | readonly Block[] = []): readonly Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

function textOf(content: string | readonly Block[] | undefined): string {
  return blocksOf(content)
    .flatMap(({ text }) => text ?? [])
    .join('\n')
}

/** A message as server-sent events: its beginning, each of its blocks, why it ends. */
function stream(response: ServerResponse, model: string, message: Message): void {
  const usage = { input_tokens: 1, output_tokens: 1 }
  const unfinished = { stop_reason: null, stop_sequence: null, usage }
  const id = `msg_${randomUUID()}`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  send(response, 'message_start', {
    message: { id, type: 'message', role: 'assistant', model, content: [], ...unfinished },
  })
  for (const [index, { block, delta }] of partsOf(message).entries()) {
    send(response, 'content_block_start', { index, content_block: block })
    send(response, 'content_block_delta', { index, delta })
    send(response, 'content_block_stop', { index })
  }
  const stop_reason = typeof message === 'string' ? 'end_turn' : 'tool_use'
  send(response, 'message_delta', { delta: { stop_reason, stop_sequence: null }, usage })
  send(response, 'message_stop', {})
  response.end()
}

/** Each block of a message, empty, and what fills it. */
function partsOf(message: Message) {
  if (typeof message === 'string') {
    return [{ block: { type: 'text', text: '' }, delta: { type: 'text_delta', text: message } }]
  }
  return message.map(({ name, input }) => ({
    block: { type: 'tool_use', id: `toolu_${randomUUID()}`, name, input: {} },
    delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
  }))
}

function send(response: ServerResponse, type: string, members: object): void {
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`)
}

/** With 400 the client does not try again. */
function refuse(response: ServerResponse, message: string, status = 400): void {
  const type = status === 429 ? 'rate_limit_error' : 'invalid_request_error'
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ type: 'error', error: { type, message } }))
}
