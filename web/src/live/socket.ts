/** Live events over one WebSocket. */
import type { Connect, Frame } from './link';

const address = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;

/** `open` makes the socket; tests give their own. */
export const socketLink = (open: () => WebSocket = () => new WebSocket(address())): Connect => (reports) => {
  const socket = open();
  let over = false;
  const send = (message: object) => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };
  const end = () => { if (!over) { over = true; reports.closed(); } };
  socket.onopen = () => { if (!over) reports.opened(); };
  socket.onmessage = ({ data }) => {
    if (over) return;
    reports.heard();
    const frame = JSON.parse(String(data)) as Frame;
    if ('op' in frame && frame.op === 'ping') send({ op: 'pong' });
    else reports.frame(frame);
  };
  socket.onerror = () => socket.close();
  socket.onclose = end;
  return {
    follow: (topic, after) => send({ op: 'follow', topic, after }),
    leave: (topic) => send({ op: 'leave', topic }),
    close() { over = true; socket.close(); },
  };
};
