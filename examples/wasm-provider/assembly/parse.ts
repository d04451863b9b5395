// The events of https://docs.cohere.com/v2/docs/streaming, and whole answers, as koi's events.
// What is remembered from one event to the next is in globals: each answer has its own instance.

import { Json, parse, quote } from "./json";

let thinking = false;
let planning = false;

/** The answer of parse_event. */
export function read(given: Json): string {
  const message = parse(given.get("data").text);
  const events: string[] = [];
  if (message === null) events.push(failure("the server sent something that is not JSON"));
  else if (given.get("whole").raw == "true") readWhole(message, events);
  else readPiece(message, events);
  return '{"events":[' + events.join(",") + "]}";
}

function readPiece(event: Json, events: string[]): void {
  const type = event.get("type").text;
  const delta = event.get("delta");
  const message = delta.get("message");
  if (type == "content-start" || type == "content-delta") {
    const content = message.get("content");
    if (content.get("type").text == "thinking") thinking = true;
    addContent(content, events);
  } else if (type == "content-end") {
    if (thinking) events.push(echo("thinking"));
    thinking = false;
  } else if (type == "tool-plan-delta") {
    planning = true;
    addText("reasoning", message.get("tool_plan"), events);
  } else if (type == "tool-call-start" || type == "tool-call-delta") {
    endPlan(events);
    addCall(event.get("index").number, message.get("tool_calls"), events);
  } else if (type == "message-end") {
    endPlan(events);
    addEnd(delta, events);
  }
}

function readWhole(answer: Json, events: string[]): void {
  const message = answer.get("message");
  if (!message.exists) {
    events.push(failure("the server's answer holds no message"));
    return;
  }
  const content = message.get("content").values;
  for (let i = 0; i < content.length; i++) {
    addContent(content[i], events);
    if (content[i].get("type").text == "thinking") events.push(echo("thinking"));
  }
  planning = message.get("tool_plan").text != "";
  addText("reasoning", message.get("tool_plan"), events);
  endPlan(events);
  const calls = message.get("tool_calls").values;
  for (let i = 0; i < calls.length; i++) addCall(i, calls[i], events);
  addEnd(answer, events);
}

function addContent(content: Json, events: string[]): void {
  addText("reasoning", content.get("thinking"), events);
  addText("text", content.get("text"), events);
}

function addText(type: string, text: Json, events: string[]): void {
  if (text.text != "") events.push('{"type":' + quote(type) + ',"text":' + text.raw + "}");
}

/** Marks the thinking before it as ours: koi gives it back with this. */
function echo(field: string): string {
  return '{"type":"reasoning","data":{"field":' + quote(field) + "}}";
}

function endPlan(events: string[]): void {
  if (planning) events.push(echo("tool_plan"));
  planning = false;
}

function addCall(index: i64, call: Json, events: string[]): void {
  const named = call.get("function");
  const fields = ['"type":"tool_call","index":' + index.toString()];
  if (call.get("id").text != "") fields.push('"id":' + call.get("id").raw);
  if (named.get("name").text != "") fields.push('"name":' + named.get("name").raw);
  if (named.get("arguments").text != "") fields.push('"arguments":' + named.get("arguments").raw);
  events.push("{" + fields.join(",") + "}");
}

function addEnd(end: Json, events: string[]): void {
  addUsage(end.get("usage"), events);
  const raw = end.get("finish_reason");
  const problem = end.get("error").text;
  if (problem != "") {
    events.push('{"type":"error","kind":"overloaded","message":' + quote(problem) + "}");
    return;
  }
  const reason = '{"type":"ended","finish_reason":' + quote(finishReason(raw.text));
  events.push(raw.text == "" ? reason + "}" : reason + ',"raw":' + raw.raw + "}");
}

function finishReason(raw: string): string {
  if (raw == "TOOL_CALL") return "tool_calls";
  if (raw == "MAX_TOKENS") return "length";
  if (raw == "ERROR_TOXIC") return "content_filter";
  return raw == "ERROR" || raw == "TIMEOUT" ? "error" : "stop";
}

/** What was counted. Tokens from the cache are part of Cohere's input, and not of koi's. */
function addUsage(usage: Json, events: string[]): void {
  const tokens = usage.get("tokens").exists ? usage.get("tokens") : usage.get("billed_units");
  if (!tokens.exists) return;
  const input = tokens.get("input_tokens").number;
  const cached = usage.get("cached_tokens").number;
  const read = cached < input ? cached : input;
  const fields =
    ',"input_tokens":' + (input - read).toString() +
    ',"cache_read_tokens":' + read.toString() +
    ',"output_tokens":' + tokens.get("output_tokens").number.toString();
  events.push('{"type":"usage"' + fields + "}");
}

function failure(message: string): string {
  return '{"type":"error","kind":"protocol","message":' + quote(message) + "}";
}
