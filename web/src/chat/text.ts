import { count, number } from '../i18n/format';

export const words = {
  keys: [
    ['N', 'New chat'], ['/', 'Write a message'], ['A', 'Go to what needs you'], ['Esc', 'Stop editing, close'], ['?', 'This list'],
    ['Enter', 'Send, while writing'], ['Shift Enter', 'New line, while writing'],
  ] as const,
  // sidebar
  newChat: 'New chat', search: 'Search', searchHint: 'Search conversations', found: (n: number) => (n ? count(n, 'result', 'results') : 'Nothing found'),
  none: 'No conversations yet. The first message starts one.', noneArchived: 'Nothing is archived.',
  archived: 'Archived', back: 'All conversations', pinned: 'Pinned', untitled: 'Untitled', moreOf: (title: string) => `More about ${title}`,
  pin: 'Pin', unpin: 'Unpin', rename: 'Rename', archive: 'Archive', unarchive: 'Unarchive', title: 'Title',
  deleteTitle: 'Delete this conversation?', deleteText: (title: string) => `“${title}” and everything in it will be gone for good.`, deleted: 'Deleted', listFailed: 'The conversations could not be loaded.', showMore: 'Show more',
  // page
  conversation: 'Conversation', options: 'Conversation menu', loading: 'Opening the conversation', gone: 'This conversation is not here', goneHint: 'It was deleted, or it belongs to somebody else.', failed: 'The conversation could not be opened',
  exportAs: 'Export', exportTxt: 'Plain text', exportMd: 'Markdown', exportJson: 'JSON', showRun: 'This run',
  newest: 'Newest', older: 'Loading older messages', start: (title: string) => `Beginning of ${title}`,
  emptyTitle: 'What shall we look at?', emptyHint: 'Ask a question or name a task. Tools that change something ask you first.',
  suggestions: ['Add a task to buy groceries', 'What is 17*23?', 'List my tasks'],
  // composer
  message: 'Message', placeholder: 'Ask anything', send: 'Send', stop: 'Stop', stopping: 'Stopping', attach: 'Add a picture', removeImage: (n: number) => `Remove picture ${n}`, pictureOf: (n: number) => `Picture ${n}`,
  blind: (model: string) => `${model} cannot look at pictures. Choose a model that can.`, tooBig: (name: string, limit: string) => `${name} is larger than ${limit}.`, notAPicture: (name: string) => `${name} is not a picture that models understand (PNG, JPEG, WebP, GIF).`,
  charactersLeft: (n: number) => (n >= 0 ? `${number(n)} characters left` : `${number(-n)} characters too many`), dropHere: 'Drop pictures here',
  // messages
  you: 'You', reply: 'Reply', edit: 'Edit', saveOnly: 'Save', saveAndRun: 'Save and ask again', editLabel: 'Edit your message', copyReply: 'Copy', sending: 'Sending', sendFailed: 'Not sent.',
  versions: (now: number, all: number) => `${now}/${all}`, previous: 'Previous version', next: 'Next version', versionOf: (now: number, all: number) => `Version ${now} of ${all}`,
  regenerate: 'Try again', regenerateWith: 'Try again with', fork: 'Fork from here', forked: 'Forked into a new conversation', moreActions: 'More', link: 'Copy link', continue: 'Continue',
  helpful: 'Helpful', notHelpful: 'Not helpful', feedbackTitle: 'What was wrong?', feedbackHint: 'Optional. The people who run this server can read it.', feedbackGood: 'What was good?', thanks: 'Thank you', sendFeedback: 'Send', removeFeedback: 'Take it back',
  plainText: 'text', ticked: 'done', unticked: 'not done', table: 'Table',
  // model and tools
  model: 'Model', models: 'Models', defaultModel: 'Default', noModels: 'No model', demo: 'demo', demoTitle: 'Answers from rules, not from a language model', check: 'Check again', checking: 'Checking',
  can: { tools: 'tools', images: 'pictures', reasoning: 'reasoning', structured: 'structured output' }, context: (tokens: number) => `${number(Math.round(tokens / 1000))}k tokens`,
  health: { ok: 'answers', failed: 'does not answer', unknown: 'not checked', disabled: 'switched off' }, latency: (ms: number) => `${number(ms)} ms`,
  tools: (n: number) => (n ? count(n, 'tool', 'tools') : 'no tools'), allTools: 'All tools', toolsTitle: 'Tools', locked: 'locked', lockedHint: 'Tools are fixed with the first message. Start a new chat to choose others.', chooseTools: 'What this chat may use. Fixed with the first message.', noToolsThere: 'There are no tools.',
  known: 'Goes along with your message', knownFrom: (server: string) => `From the view of ${server}`, forget: (server: string) => `Do not send what the view of ${server} says`, beside: 'A view said this beside it',
  effects: { reads: 'reads', writes: 'writes', reaches: 'reaches out', asks: 'asks you' }, verdicts: { allow: 'runs by itself', ask: 'asks first', deny: 'never runs' },
  banner: {
    disabled: 'Models are switched off on this server', disabledHint: 'Everything else works. To switch them on, take DISABLE_LLM_CALLS away and start the server again.',
    demo: 'This is the demo model', demoHint: 'It follows simple rules and can call every tool. For real answers set OPENAI_API_KEY, ANTHROPIC_API_KEY or another provider’s key, or LLM_BASE_URL and LLM_MODEL_NAME, and start the server again.',
    none: 'No model answers', noneHint: 'Messages will fail until one does. Everything else works.',
    details: 'Models',
  },
  says: {
    replying: 'Replying', needs: (tools: string) => `Needs approval: ${tools}`, asks: 'Has a question for you', finished: (n: number) => `Reply finished, ${count(n, 'word', 'words')}`, stopped: 'Reply stopped', failed: 'Reply failed',
  },
};
