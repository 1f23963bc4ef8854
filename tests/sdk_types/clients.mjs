// The vendors' SDKs against the simulated servers: node clients.mjs PROGRAM_THAT_SERVES_THEM. Each is asked for a whole reply, a stream and a call of a tool.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import readline from "node:readline";
import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import Groq from "groq-sdk";
import Together from "together-ai";
import { GoogleGenAI } from "@google/genai";
import { Mistral } from "@mistralai/mistralai";
import { Ollama } from "ollama";
import { OpenRouter } from "@openrouter/sdk";

const messages = [{ role: "user", content: "hi" }];
const parameters = {
  type: "object",
  properties: { a: { type: "integer" }, b: { type: "integer" } },
  required: ["a", "b"],
};
const tools = [{ type: "function", function: { name: "add", description: "adds", parameters } }];

async function joined(stream, textOf) {
  let text = "";
  for await (const chunk of stream) text += textOf(chunk) ?? "";
  return text;
}

// What the SDKs of OpenAI's shape have in common.
async function chat(client, model, rest = {}) {
  const delta = (chunk) => chunk.choices[0]?.delta?.content;
  const create = (more) => client.chat.completions.create({ model, messages, ...rest, ...more });
  return {
    whole: async () => (await create({})).choices[0].message.content,
    stream: async () => joined(await create({ stream: true }), delta),
    call: async () => (await create({ tools })).choices[0].message.tool_calls[0].function,
  };
}

const clients = {
  openai: (s) => chat(new OpenAI({ baseURL: s.base, apiKey: s.key, maxRetries: 0 }), s.model),
  groq: (s) =>
    chat(new Groq({ baseURL: s.base.replace(/\/openai\/v1$/, ""), apiKey: s.key, maxRetries: 0 }), s.model),
  together: (s) => chat(new Together({ baseURL: s.base, apiKey: s.key, maxRetries: 0 }), s.model),
  "openai-responses": (s) => {
    const client = new OpenAI({ baseURL: s.base, apiKey: s.key, maxRetries: 0 });
    const flat = [{ type: "function", name: "add", description: "adds", parameters, strict: false }];
    const input = [{ role: "user", content: "hi" }];
    return {
      whole: async () => (await client.responses.create({ model: s.model, input })).output_text,
      stream: async () =>
        joined(await client.responses.create({ model: s.model, input, stream: true }), (event) =>
          event.type === "response.output_text.delta" ? event.delta : ""),
      call: async () =>
        (await client.responses.create({ model: s.model, input, tools: flat })).output.find(
          (item) => item.type === "function_call"),
    };
  },
  claude: (s) => {
    const client = new Anthropic({ baseURL: s.base, apiKey: s.key, maxRetries: 0 });
    const ask = { model: s.model, max_tokens: 64, messages };
    const own = [{ name: "add", description: "adds", input_schema: parameters }];
    return {
      whole: async () => (await client.messages.create(ask)).content[0].text,
      stream: async () => (await client.messages.stream(ask).finalMessage()).content[0].text,
      call: async () =>
        (await client.messages.create({ ...ask, tools: own })).content.find((b) => b.type === "tool_use"),
    };
  },
  gemini: (s) => {
    const client = new GoogleGenAI({ apiKey: s.key, httpOptions: { baseUrl: s.base } });
    const ask = { model: s.model, contents: "hi" };
    const config = { tools: [{ functionDeclarations: [{ name: "add", description: "adds", parametersJsonSchema: parameters }] }] };
    return {
      whole: async () => (await client.models.generateContent(ask)).text,
      stream: async () => joined(await client.models.generateContentStream(ask), (chunk) => chunk.text),
      call: async () => (await client.models.generateContent({ ...ask, config })).functionCalls[0],
    };
  },
  mistral: (s) => {
    const client = new Mistral({ serverURL: s.base.replace(/\/v1$/, ""), apiKey: s.key });
    return {
      whole: async () => (await client.chat.complete({ model: s.model, messages })).choices[0].message.content,
      stream: async () =>
        joined(await client.chat.stream({ model: s.model, messages }), (e) => e.data.choices[0].delta.content),
      call: async () =>
        (await client.chat.complete({ model: s.model, messages, tools })).choices[0].message.toolCalls[0].function,
    };
  },
  openrouter: (s) => {
    const client = new OpenRouter({ serverURL: s.base, apiKey: s.key });
    const send = (more) => client.chat.send({ chatRequest: { model: s.model, messages, ...more } });
    return {
      whole: async () => (await send({})).choices[0].message.content,
      stream: async () => joined(await send({ stream: true }), (chunk) => chunk.choices[0]?.delta?.content),
      call: async () => (await send({ tools })).choices[0].message.toolCalls[0].function,
    };
  },
  ollama: (s) => {
    const client = new Ollama({ host: s.base, headers: { Authorization: `Bearer ${s.key}` } });
    return {
      whole: async () => (await client.chat({ model: s.model, messages })).message.content,
      stream: async () =>
        joined(await client.chat({ model: s.model, messages, stream: true }), (part) => part.message.content),
      call: async () => (await client.chat({ model: s.model, messages, tools })).message.tool_calls[0].function,
    };
  },
};

let failures = 0;
async function check(name, what, expected, ask) {
  try {
    assert.deepEqual(await ask(), expected);
  } catch (error) {
    ++failures;
    console.log(`${name}: ${what}: ${error.message}`);
  }
}

const servers = spawn(process.argv[2], { stdio: ["pipe", "pipe", "inherit"] });
for await (const line of readline.createInterface({ input: servers.stdout })) {
  const server = JSON.parse(line);
  const client = await clients[server.name](server);
  if (server.calls) {
    await check(server.name, "call", "add", async () => (await client.call()).name);
  } else {
    await check(server.name, "whole", "Hello, world", client.whole);
    await check(server.name, "stream", "Hello, world", client.stream);
  }
  console.log(`${server.name}${server.calls ? ", calling" : ""}: done`);
}
servers.stdin.end();
process.exit(failures === 0 ? 0 : 1);
