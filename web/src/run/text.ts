import { count } from '../i18n/format';

export const words = {
  title: 'This run', none: 'Nothing has run here yet.', calls: 'Calls', answer: 'Answer', noCalls: 'No tools were called.', tokens: (n: string) => `${n} tokens`, close: 'Close',
  usage: { input: 'Read', cached: 'from cache', output: 'Written', reasoning: 'of it reasoning' }, model: 'Model', goTo: (tool: string) => `Go to ${tool}`,
  states: { queued: 'waiting for its turn', running: 'running', parked: 'waits for you', finished: 'finished', exhausted: 'ran into a limit', cancelled: 'stopped', incomplete: 'broke off', failed: 'failed' },
  callStates: { writing: 'being written', waiting: 'waiting', ask: 'needs approval', live: 'running', done: 'done', failed: 'failed', denied: 'denied', aborted: 'stopped', unknown: 'outcome unknown' },
  reasoning: 'Reasoning', thinking: 'Thinking', fallback: (model: string) => `${model} steps in`,
  arguments: 'Arguments', noArguments: 'No arguments', result: 'Result', noResult: 'No output', picture: 'Picture from the tool', progressOf: (tool: string) => `Progress of ${tool}`, showAll: (n: string) => `Show all ${n} characters`, cut: 'cut',
  asTask: (note: string) => `as a task: ${note}`, atWork: 'at work', taskOver: (server: string, since: string) => `It ran at ${server} as a task, begun ${since}.`,
  taskSince: (server: string, since: string, until: string | null) => `${server} works on it by itself since ${since}; this goes on whatever happens to this page or to Galaxy.${until ? ` It keeps the task until ${until}.` : ''}`,
  unknownHint: 'It was cut off before it ended. It may or may not have happened.', abortedHint: 'It was stopped before it ended.', deniedBy: (reason: string) => (reason ? `Denied: ${reason}` : 'Denied.'),
  edited: 'with changed arguments', reach: { once: 'allowed once', conversation: 'allowed in this chat', always: 'always allowed' },
  effects: { reads: 'It only looks.', writes: 'It changes something in this workspace.', reaches: 'It reaches outside this workspace.', asks: 'It asks you something.' },
  runOnce: 'Run once', alwaysHere: 'Always in this chat', always: 'Always', deny: 'Deny', denyReason: 'Why not? (the model is told)', denyNow: 'Deny it', editArguments: 'Edit arguments', keepArguments: 'Keep as they are', argumentsJson: 'Arguments as JSON', notJson: 'This is not valid JSON.', notObject: 'Arguments are a JSON object: { … }.', sent: 'Sent',
  question: 'Question', yourAnswer: 'Your answer', answerNow: 'Answer', chooseSome: 'Choose one or more', otherAnswer: 'Something else',
  elicit: {
    waits: 'waits for your answer', asks: (server: string, tool: string) => `${server} asks this, for its tool ${tool}.`, warn: (server: string) => `What you fill in goes to ${server}, not to Galaxy. Do not give it passwords, keys or other secrets.`,
    declined: (n: number) => count(n, 'more question was declined for you: it wanted a secret, or cannot be shown.', 'more questions were declined for you: they wanted secrets, or cannot be shown.'),
    until: (time: string) => `It waits until ${time}.`, late: 'It does not wait any more: what you send reaches nobody, and the run goes on without it.',
    send: 'Send', goOn: 'Continue', decline: 'Decline', cancel: 'Cancel', skip: 'Do not answer this', optional: 'optional', choose: 'Choose', page: 'This leads to a page elsewhere:', open: 'Open the page', notSafe: 'This address cannot be opened from here.', afterPage: 'Continue once you are done there.',
    required: 'This has to be filled in.', notNumber: 'This is not a number.', notWhole: 'This is not a whole number.', notMoment: 'This is not a moment.', yes: 'yes', no: 'no',
    sent: 'You sent', said: { accept: 'You agreed.', decline: 'You declined.', cancel: 'You cancelled.' },
  },
  signIn: {
    title: (server: string) => `${server} wants you to sign in first.`, hint: (tool: string) => `Its tool ${tool} was not called. Once you have signed in, it is called by itself.`, away: 'Sign in in the other window. This goes on by itself once you have.',
    connect: (server: string) => `Sign in at ${server}`, goOn: 'Try again now', decline: 'Go on without it', was: 'To sign in there', said: { accept: 'You signed in.', decline: 'You did not sign in.', cancel: 'You did not sign in.' },
  },
  app: {
    from: 'View from', notOurs: 'not part of Galaxy', frame: (server: string) => `View of ${server}`, expand: 'Fill the page', shrink: 'Back to its place', source: 'Show source', sourceOf: (server: string) => `Source of the view of ${server}`, cut: 'The rest is left out here.', close: 'Close view', show: 'Show view',
    failed: 'The view could not be shown.', lost: 'what the call gave is not there any more', kept: (server: string) => `A view of ${server} was shown here.`,
    asksTitle: (server: string) => `The view of ${server} wants to call a tool`, asks: (server: string) => `A page of ${server} asks for this, not an agent:`,
    sayTitle: (server: string) => `The view of ${server} wants to say this in your name`, say: 'Say it', openTitle: (host: string) => `Open ${host}?`, openText: (server: string, address: string) => `The view of ${server} wants to open ${address}`, open: 'Open it in a new tab',
  },
  stopped: { exhausted: 'A limit was reached.', cancelled: 'You stopped this.', incomplete: 'The answer broke off.', failed: 'There was no answer.' }, length: 'The model reached its limit of output.', refused: 'The model declined.', details: 'In the provider’s words', code: 'Code',
  waitingForTurn: 'Waiting for its turn', steps: (n: number) => count(n, 'call', 'calls'),
};
