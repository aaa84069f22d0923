// The tool servers of others: how each is started, and what it is asked.
//
// A request names a model. `script` is played word by word by the scripted provider (`call TOOL
// {…}`, one answer after the other); `demo` is a plain request for the built-in demo model. What comes has to
// hold `says`, or end as `outcome` says.

import { join } from "node:path";

// `kit` has the folders: `servers` and `sqlite` (Python), `node` (npm), `work` (files to work on), and
// `pages`, the address of a web server on this machine.
export function cast(kit) {
  const python = (name, venv = "servers") => join(kit[venv], "bin", name);
  const node = (name) => join(kit.node, "node_modules", ".bin", name);
  const program = (command, args, more = {}) => ({ kind: "program", command, arguments: args, environment: {}, folders: [], network: "none", ...more });
  const files = join(kit.work, "files");
  const repo = join(kit.work, "repo");
  const notes = join(kit.work, "memory");
  const data = join(kit.work, "data");
  return [
    {
      name: "time",
      link: program(python("mcp-server-time"), ["--local-timezone", "UTC"]),
      asks: [
        { script: 'call get_current_time {"timezone":"Asia/Tokyo"}; call convert_time {"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}', says: ["+09:00", "21:00"] },
        { script: 'call get_current_time {"timezone":"Mars/Olympus"}', outcome: "failed", says: ["Mars/Olympus"] },
        { demo: 'use time__get_current_time with timezone "Asia/Tokyo"', says: ["+09:00"] },
      ],
      call: { tool: "convert_time", args: { source_timezone: "UTC", time: "12:00", target_timezone: "Asia/Tokyo" }, says: "21:00" },
    },
    {
      name: "git",
      link: program(python("mcp-server-git"), ["--repository", repo], { folders: [{ path: repo, write: true }] }),
      asks: [
        { script: `call git_status {"repo_path":"${repo}"}; call git_log {"repo_path":"${repo}","max_count":5}`, says: ["branch", "the first of two"] },
        { script: `call git_create_branch {"repo_path":"${repo}","branch_name":"aside"}; call git_branch {"repo_path":"${repo}","branch_type":"local"}`, says: ["aside"] },
        { script: `call git_log {"repo_path":"${files}"}`, outcome: "failed", says: [] },
        { demo: `use git__git_log with repo_path "${repo}"`, says: ["the first of two"] },
      ],
      call: { tool: "git_log", args: { repo_path: repo }, says: "the first of two" },
    },
    {
      name: "fetch",
      link: program(python("mcp-server-fetch"), ["--ignore-robots-txt", "--allow-private-ips"], { network: "any" }),
      asks: [
        { script: `call fetch {"url":"${kit.pages}/heron.html"}; call fetch {"url":"${kit.pages}/heron.html","raw":true}`, says: ["Grey herons", "<h1>"] },
        { demo: `use fetch__fetch with url ${kit.pages}/heron.html`, says: ["Grey herons"] },
      ],
      call: { tool: "fetch", args: { url: `${kit.pages}/heron.html` }, says: "Grey herons" },
    },
    {
      name: "fetch-walled",
      // The program may; the walls let it reach the ports of the web only.
      link: program(python("mcp-server-fetch"), ["--ignore-robots-txt", "--allow-private-ips"], { network: "web" }),
      asks: [{ script: `call fetch {"url":"${kit.pages}/heron.html"}`, outcome: "failed", says: [], never: "Grey herons" }],
    },
    {
      name: "sqlite",
      link: program(python("mcp-server-sqlite", "sqlite"), ["--db-path", join(data, "birds.db")], { folders: [{ path: data, write: true }] }),
      asks: [
        {
          script: 'call create_table {"query":"CREATE TABLE birds (name TEXT, legs INTEGER)"}; call write_query {"query":"INSERT INTO birds VALUES (\'heron\', 2)"}; call read_query {"query":"SELECT * FROM birds"}',
          says: ["created", "heron"],
        },
        { script: 'call read_query {"query":"DELETE FROM birds"}', says: ["SELECT"] },
        { demo: "use sqlite__list_tables", says: ["birds"] },
      ],
      call: { tool: "read_query", args: { query: "SELECT legs FROM birds" }, says: "legs" },
    },
    {
      name: "filesystem",
      link: program(node("mcp-server-filesystem"), [files], { folders: [{ path: files, write: true }] }),
      asks: [
        { script: `call write_file {"path":"${files}/new.txt","content":"Two herons."}; call read_text_file {"path":"${files}/new.txt"}`, says: ["Two herons."] },
        { script: `call read_text_file {"path":"${join(kit.work, "outside.txt")}"}`, outcome: "failed", says: ["denied"], never: "nobody may read this" },
        { demo: `use filesystem__list_directory with path "${files}"`, says: ["new.txt"] },
      ],
      call: { tool: "read_text_file", args: { path: join(files, "new.txt") }, says: "Two herons." },
    },
    {
      // The program allows what the walls do not: they have the last word.
      name: "filesystem-walled",
      link: program(node("mcp-server-filesystem"), [files, kit.work], { folders: [{ path: files, write: false }] }),
      asks: [
        { script: `call read_text_file {"path":"${join(kit.work, "outside.txt")}"}`, outcome: "failed", says: ["EACCES"], never: "nobody may read this" },
        { script: `call write_file {"path":"${files}/other.txt","content":"no"}`, outcome: "failed", says: ["EACCES"] },
      ],
    },
    {
      name: "memory",
      link: program(node("mcp-server-memory"), [], { environment: { MEMORY_FILE_PATH: join(notes, "memory.jsonl") }, folders: [{ path: notes, write: true }] }),
      asks: [
        { script: 'call create_entities {"entities":[{"name":"Mo","entityType":"person","observations":["watches herons"]}]}; call search_nodes {"query":"herons"}', says: ["watches herons"] },
        { restart: true, script: 'call open_nodes {"names":["Mo"]}', says: ["watches herons"] },
        { demo: "use memory__read_graph", says: ["watches herons"] },
      ],
      call: { tool: "search_nodes", args: { query: "herons" }, says: "watches herons" },
    },
    {
      name: "everything",
      link: program(node("mcp-server-everything"), []),
      may_ask: true,
      // What wants a model of the client is not there: this one offers none.
      without: "trigger-sampling-request",
      asks: [
        { script: 'call echo {"message":"over and out"}; call get-sum {"a":19,"b":23}', says: ["over and out", "42"] },
        { script: 'call trigger-long-running-operation {"duration":3,"steps":3}', says: ["completed"], progress: 2 },
        { script: 'call get-structured-content {"location":"Chicago"}', says: ["temperature"] },
        { script: "call get-tiny-image {}", says: ["image/png"] },
        { script: 'call get-resource-links {"count":3}', says: ["[resource"] },
        { script: 'call get-resource-reference {"resourceType":"Text","resourceId":1}', says: ["demo://resource"] },
        { script: 'call get-annotated-message {"messageType":"error","includeImage":false}', says: ["Error"] },
        { script: "call toggle-simulated-logging {}", says: ["logging"], log: true },
        { script: "call trigger-elicitation-request {}", answer: { name: "Mo Falk", check: true }, says: ["Mo Falk"] },
        { demo: "use everything__get-sum with a 19 and b 23", says: ["42"] },
      ],
      call: { tool: "get-sum", args: { a: 19, b: 23 }, says: "42" },
    },
    {
      // As most people have them: fetched when they are started.
      name: "time-uvx",
      link: program(python("uvx"), ["mcp-server-time"], { network: "web", environment: kit.certificates }),
      asks: [{ script: 'call get_current_time {"timezone":"Asia/Tokyo"}', says: ["+09:00"] }],
    },
    {
      name: "fetch-uvx",
      link: program(python("uvx"), ["mcp-server-fetch", "--ignore-robots-txt", "--allow-private-ips"], { network: "any", environment: kit.certificates }),
      asks: [{ script: `call fetch {"url":"${kit.pages}/heron.html"}`, says: ["Grey herons"] }],
    },
    {
      name: "memory-npx",
      link: program("npx", ["-y", "@modelcontextprotocol/server-memory"], { network: "web", environment: kit.certificates }),
      asks: [{ script: "call read_graph {}", says: ["entities"] }],
    },
  ];
}
