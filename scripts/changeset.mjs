// The bin of @changesets/cli calls a function that Node.js 20 lacks; the program behind it runs there.
import "@changesets/cli"
