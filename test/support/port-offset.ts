// For tests of what names its ports, such as `gateway demo` and the guides: all of them moved to where they are free.

/** From here on none of the demo's ports is one that Linux hands out to clients. */
const LOWEST = 10_949;
const COUNT = 4_500;

/** Calls `use` with a number to add to every port, and with another one as long as it fails because a port is in use. */
export async function withPortOffset<T>(use: (offset: number) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await use(LOWEST + Math.floor(Math.random() * COUNT));
    } catch (error) {
      if (!/the port is in use/.test(String(error))) throw error;
    }
  }
}
