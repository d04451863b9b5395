// koi's neutral request as a body of https://docs.cohere.com/v2/reference/chat

import { Json, quote } from "./json";

/** The answer of build_request. */
export function build(request: Json): string {
  const fields = [
    '"model":' + request.get("model").raw,
    '"stream":' + request.get("stream").raw,
    '"messages":[' + messages(request).join(",") + "]",
  ];
  copy(request, "max_tokens", "max_tokens", fields);
  copy(request, "temperature", "temperature", fields);
  if (request.get("stop").values.length > 0) copy(request, "stop", "stop_sequences", fields);
  addTools(request, fields);
  return '{"path":"/v2/chat","body":{' + fields.join(",") + "}}";
}

function copy(request: Json, name: string, theirs: string, fields: string[]): void {
  const value = request.get(name);
  if (value.exists) fields.push(quote(theirs) + ":" + value.raw);
}

/** The tools on offer. One that must be called is the only one on offer. */
function addTools(request: Json, fields: string[]): void {
  const choice = request.get("tool_choice").text;
  const wanted = choice == "auto" || choice == "none" || choice == "required" ? "" : choice;
  const all = request.get("tools").values;
  const tools: string[] = [];
  for (let i = 0; i < all.length; i++) {
    if (wanted == "" || all[i].get("name").text == wanted) {
      tools.push('{"type":"function","function":' + all[i].raw + "}");
    }
  }
  if (tools.length == 0) return;
  fields.push('"tools":[' + tools.join(",") + "]");
  if (choice == "none") fields.push('"tool_choice":"NONE"');
  else if (choice == "required" || wanted != "") fields.push('"tool_choice":"REQUIRED"');
}

function messages(request: Json): string[] {
  const made: string[] = [];
  const system = request.get("system");
  if (system.text != "") made.push('{"role":"system","content":' + system.raw + "}");
  const all = request.get("messages").values;
  for (let i = 0; i < all.length; i++) {
    const parts = all[i].get("parts").values;
    if (all[i].get("role").text == "assistant") addAssistant(parts, made);
    else addUser(parts, made);
  }
  return made;
}

/** Results of tools as messages of their own, then what the person said, with all pictures. */
function addUser(parts: Json[], made: string[]): void {
  const content: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const type = part.get("type").text;
    if (type == "text") {
      content.push('{"type":"text","text":' + part.get("text").raw + "}");
    } else if (type == "image") {
      content.push(picture(part));
    } else if (type == "tool_result") {
      const result = '{"role":"tool","tool_call_id":' + part.get("call_id").raw;
      made.push(result + ',"content":' + part.get("content").raw + "}");
      const images = part.get("images").values;
      for (let j = 0; j < images.length; j++) content.push(picture(images[j]));
    }
  }
  if (content.length > 0) made.push('{"role":"user","content":[' + content.join(",") + "]}");
}

function picture(image: Json): string {
  const start = '{"type":"image_url","image_url":{"url":"data:' + image.get("media_type").text;
  return start + ";base64," + image.get("data").raw.substring(1) + "}}";
}

/** An answer. Thinking goes back only when it came from here: koi gives its `data` then. */
function addAssistant(parts: Json[], made: string[]): void {
  const content: string[] = [];
  const calls: string[] = [];
  let plan = "";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const type = part.get("type").text;
    if (type == "text" && part.get("text").text != "") {
      content.push('{"type":"text","text":' + part.get("text").raw + "}");
    } else if (type == "reasoning") {
      const field = part.get("data").get("field").text;
      if (field == "tool_plan") plan += part.get("text").text;
      if (field == "thinking") {
        content.push('{"type":"thinking","thinking":' + part.get("text").raw + "}");
      }
    } else if (type == "tool_call") {
      calls.push(call(part));
    }
  }
  const fields = ['"role":"assistant"'];
  if (content.length > 0) fields.push('"content":[' + content.join(",") + "]");
  if (calls.length > 0) {
    fields.push('"tool_calls":[' + calls.join(",") + "]");
    if (plan != "") fields.push('"tool_plan":' + quote(plan));
  }
  if (fields.length > 1) made.push("{" + fields.join(",") + "}");
}

/** A call. What the model wrote instead of arguments is wrapped, as they must be an object. */
function call(part: Json): string {
  const given = part.get("arguments");
  const text = given.exists ? given.raw : '{"arguments_raw":' + part.get("arguments_raw").raw + "}";
  const named = '"function":{"name":' + part.get("name").raw + ',"arguments":' + quote(text) + "}";
  return '{"id":' + part.get("id").raw + ',"type":"function",' + named + "}";
}
