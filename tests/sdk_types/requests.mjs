// Writes a TypeScript program that assigns every request lian sent to the vendor's own type of it:
//   node requests.mjs FOLDER_OF_REQUESTS OUT.ts
// A file of the folder is FOLDER/<vendor>/<behaviour>-<n>.json: the target in the first line, then the body.
import fs from "node:fs";
import path from "node:path";

const [, , folder, out] = process.argv;

const openai = [
  [/\/chat\/completions/, "OpenAI.ChatCompletionCreateParams"],
  [/\/responses$/, "Loose<OpenAI.Responses.ResponseCreateParams>"],
  [/\/embeddings/, "OpenAI.EmbeddingCreateParams"],
];
const google = [[/enerateContent/, "GeminiBody"]];
const types = {
  openai,
  "openai-responses": openai,
  azure: openai,
  claude: [[/\/messages$/, "Anthropic.MessageCreateParams & Sampling"]],
  gemini: google,
  "vertex-gemini": google,
  groq: [
    [/\/chat\/completions/, "groq.ChatCompletionCreateParams"],
    [/\/embeddings/, "Groq.EmbeddingCreateParams"],
  ],
  together: [
    [/\/chat\/completions/, "Loose<Together.Chat.CompletionCreateParams>"],
    [/\/embeddings/, "Together.EmbeddingCreateParams"],
  ],
  mistral: [
    [/\/chat\/completions/, "Loose<mistral.ChatCompletionRequest$Outbound>"],
    [/\/embeddings/, "Loose<mistral.EmbeddingRequest$Outbound>"],
  ],
  openrouter: [[/\/chat\/completions/, "Loose<openrouter.ChatRequest$Outbound>"]],
  ollama: [
    [/\/api\/chat$/, "OllamaChat"],
    [/\/api\/embed$/, "ollama.EmbedRequest"],
  ],
};

let program = `import OpenAI from "openai";
import Anthropic from "@anthropic-ai/sdk";
import Groq from "groq-sdk";
import type * as groq from "groq-sdk/resources/chat/completions";
import Together from "together-ai";
import type * as genai from "@google/genai";
import type * as mistral from "@mistralai/mistralai/models/components";
import type * as ollama from "ollama";
import type * as openrouter from "@openrouter/sdk/models";

// Types of what goes out have the SDK's defaults filled in, and those of what comes back serve for what goes back: each
// member may be missing.
type Loose<T> = T extends Array<infer U> ? Array<Loose<U>>
  : T extends object ? { [K in keyof T]?: Loose<T[K]> } : T;
// Enums of the SDK are words on the wire.
type Wire<T> = T extends Array<infer U> ? Array<Wire<U>> : T extends string ? \`\${T}\`
  : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;
// Gone from the SDK with the API version 2026-10-21; lian speaks 2023-06-01 unless told otherwise.
type Sampling = { temperature?: number; top_p?: number; top_k?: number };
// The server's own types (api/types.go) have what the SDK leaves out.
type OllamaCall = { id?: string; function: { index?: number; name: string; arguments: Record<string, unknown> } };
type OllamaMessage = Omit<ollama.Message, "tool_calls"> & { tool_call_id?: string; tool_calls?: OllamaCall[] };
type OllamaChat = Omit<ollama.ChatRequest, "messages"> & { messages: OllamaMessage[] };
type GeminiBody = Wire<{
  contents: genai.Content[];
  systemInstruction?: genai.Content;
  tools?: genai.Tool[];
  toolConfig?: genai.ToolConfig;
  safetySettings?: genai.SafetySetting[];
  generationConfig?: genai.GenerationConfig;
}>;
`;

let count = 0;
for (const vendor of Object.keys(types)) {
  const place = path.join(folder, vendor);
  if (!fs.existsSync(place)) throw new Error(`no requests of ${vendor} in ${folder}`);
  for (const file of fs.readdirSync(place).sort()) {
    const text = fs.readFileSync(path.join(place, file), "utf8");
    const target = text.slice(0, text.indexOf("\n")).split("?")[0];
    const type = types[vendor].find(([pattern]) => pattern.test(target));
    if (!type) continue;
    program += `// ${vendor}: ${file}\nconst b${count}: ${type[1]} = ${text.slice(target.length).slice(text.slice(target.length).indexOf("\n") + 1)};\n`;
    ++count;
  }
}
if (count < 200) throw new Error(`only ${count} requests`);
fs.writeFileSync(out, program + "export {};\n");
console.log(`${count} requests to check`);
