import { clockid, errno, eventtype, poll_oneoff, subscription_clock } from "bindings/wasi_snapshot_preview1";

// The number that an argument such as "count=3" gives. Arguments are the query, split at "&".
function argument(name: string, otherwise: i64): i64 {
  for (let i = 1; i < process.argv.length; i++) {
    if (process.argv[i].startsWith(name + "=")) {
      return I64.parseInt(process.argv[i].substring(name.length + 1));
    }
  }
  return otherwise;
}

// Waits: poll_oneoff with one subscription, to the clock.
function sleep(milliseconds: i64): void {
  const subscription = new subscription_clock();
  subscription.type = eventtype.CLOCK;
  subscription.clock_id = clockid.MONOTONIC;
  subscription.timeout = milliseconds * 1_000_000;
  const events = memory.data(32);
  const count = memory.data(4);
  if (poll_oneoff(changetype<usize>(subscription), events, 1, count) != errno.SUCCESS) {
    throw new Error("poll_oneoff failed");
  }
}

const count = argument("count", 10);
const pause = argument("interval", 1000);

process.stdout.write("Content-Type: text/event-stream\nCache-Control: no-store\n\n");
for (let id: i64 = 1; id <= count; id++) {
  if (id > 1) {
    sleep(pause);
  }
  // "2025-01-31T12:34:56.789Z". Each write is sent to the client at once.
  const time = new Date(Date.now()).toISOString().substring(11, 19);
  process.stdout.write("id: " + id.toString() + "\ndata: " + time + " UTC\n\n");
}
