// LangChain.js on the workloads of benchmarks/workloads.hpp, with the same JSON line.
//
//   node langchain.mjs seq CALLS | stream STREAMS CHUNKS BATCH | split FILE | prompt
//
// The packages lie in $PEER_MODULES, the provider listens on $MOCK_PORT.
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'

const modules = createRequire(path.join(process.env.PEER_MODULES ?? process.cwd(), 'package.json'))
const { ChatPromptTemplate, PromptTemplate } = modules('@langchain/core/prompts')
const { StringOutputParser } = modules('@langchain/core/output_parsers')
const { ChatOpenAI } = modules('@langchain/openai')
const { RecursiveCharacterTextSplitter } = modules('@langchain/textsplitters')

const [workload, ...rest] = process.argv.slice(2)
const number = (index, otherwise) => Number(rest[index] ?? otherwise)

const cpuSeconds = () => {
  const used = process.cpuUsage()
  return (used.user + used.system) / 1e6
}

const report = (units, cpu, more = {}) =>
  console.log(JSON.stringify({
    workload, units, cpu_ns_per_unit: (cpu / units) * 1e9, ...more,
    peak_mb: process.resourceUsage().maxRSS / 1024,
  }))

const makeChain = (headers) => {
  const prompt = ChatPromptTemplate.fromMessages([
    ['system', 'You are a helpful assistant.'],
    ['human', 'Translate to {lang}, {tone}: sentence number {i}, please.'],
  ])
  const model = new ChatOpenAI({
    model: 'gpt-4o-mini', apiKey: 'sk-test', maxRetries: 0,
    configuration: {
      baseURL: `http://127.0.0.1:${process.env.MOCK_PORT}/v1`, defaultHeaders: headers,
    },
  })
  return prompt.pipe(model).pipe(new StringOutputParser())
}

const values = (i) => ({ lang: 'French', tone: 'formally', i })

const runCalls = async (calls) => {
  const chain = makeChain({})
  for (let i = 0; i < 300; i++) await chain.invoke(values(i))
  const start = cpuSeconds()
  for (let i = 0; i < calls; i++) {
    if (!(await chain.invoke(values(i)))) throw new Error('a reply without text')
  }
  report(calls, cpuSeconds() - start)
}

const runStreams = async (streams, chunks, batch) => {
  const chain = makeChain({ 'x-mock-n': String(chunks), 'x-mock-batch': String(batch) })
  let seen = 0
  const one = async (i) => {
    for await (const piece of await chain.stream(values(i))) if (piece) seen++
  }
  for (let i = 0; i < 10; i++) await one(i)
  seen = 0
  const start = cpuSeconds()
  for (let i = 0; i < streams; i++) await one(i)
  const cpu = cpuSeconds() - start
  if (seen !== streams * chunks) throw new Error('chunks are missing')
  report(seen, cpu)
}

const runSplit = async (file) => {
  const text = fs.readFileSync(file, 'utf8')
  const splitter = new RecursiveCharacterTextSplitter({ chunkSize: 1000, chunkOverlap: 200 })
  await splitter.splitText(text.slice(0, 2e6))
  const start = cpuSeconds()
  const chunks = await splitter.splitText(text)
  const cpu = cpuSeconds() - start
  let hash = 7
  for (const byte of Buffer.from(chunks.join(''))) hash = (Math.imul(hash, 31) + byte) >>> 0
  report(text.length, cpu, { mb_s: text.length / 1e6 / cpu, chunks: chunks.length, check: hash })
}

const runPrompt = async () => {
  const calls = 300000
  const prompt = PromptTemplate.fromTemplate(
    'You are {role}. Answer the question in {lang}, in a {tone} tone.\n' +
    'Context: {context}\nQuestion: {question}\nAnswer:')
  const given = {
    role: 'a careful assistant', lang: 'French', tone: 'formal', question: '',
    context: 'Paris has been the capital of France for most of the last thousand years.',
  }
  let check = 0
  const format = async (i) => {
    given.question = 'q' + i
    check += (await prompt.format(given)).length
  }
  for (let i = 0; i < 20000; i++) await format(i)
  check = 0
  const start = cpuSeconds()
  for (let i = 0; i < calls; i++) await format(i)
  report(calls, cpuSeconds() - start)
}

const run = {
  seq: () => runCalls(number(0, 2000)),
  stream: () => runStreams(number(0, 200), number(1, 500), number(2, 0)),
  split: () => runSplit(rest[0]),
  prompt: runPrompt,
}[workload]
await run()
process.exit(0)
