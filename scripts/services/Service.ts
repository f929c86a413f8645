export type ServiceName = "pg" | "mysql" | "mariadb"

/** A server's programs, wherever they come from. */
export interface Programs {
  readonly origin: "machine" | "debian"
  /** The program that is the server. Its folder has the others. */
  readonly server: string
  readonly version: string
  /** The folder that holds them with all that they need, where they were unpacked into one. */
  readonly folder?: string
}

/** A data directory with the user and the database in it that tests connect to. */
export interface Template {
  readonly data: string
  readonly user: string
  readonly password: string
}

/** A database server that tests need: one description says all that sets it apart from the others. */
export interface Service {
  readonly name: ServiceName
  readonly title: string
  /** Names a server that runs already, which then is used instead of a throwaway one. */
  readonly variable: string
  readonly protocol: "postgres" | "mysql"
  /** The oldest version that the stores work on. */
  readonly minimum: string
  /** What ends a server whose data nobody wants any more, at once. */
  readonly stopSignal: NodeJS.Signals
  /** What the server says when it takes connections. */
  readonly readyLine: RegExp

  /** Arguments by which it is as durable as in production, where its others make it less. */
  readonly durability: ReadonlyArray<string>

  readonly container: {
    readonly image: string
    readonly port: number
    readonly user: string
    readonly environment: (password: string) => Readonly<Record<string, string>>
    readonly settings: ReadonlyArray<string>
  }
  readonly machine: {
    readonly program: string
    /** Folders that are not on everybody's PATH. */
    readonly folders: () => ReadonlyArray<string>
  }
  readonly debian: {
    readonly suite: string
    readonly package: string
    /** The programs to run, with `*` for a folder whose name has a version. The first is the server. */
    readonly programs: ReadonlyArray<string>
  }

  /** The version in the output of `--version`, unless that is another product's. */
  readonly versionIn: (output: string) => string | undefined
  /** Fills an empty folder. What it takes, and with it the template, changes with this function's text. */
  readonly initialize: (
    programs: Programs,
    folder: string,
    template: Template,
    run: (program: string, args: ReadonlyArray<string>, input?: string) => Promise<string>
  ) => Promise<void>
  /** The command line of a server on this port of loopback, without a socket file: their paths are limited to 107 bytes. */
  readonly args: (programs: Programs, data: string, port: number) => ReadonlyArray<string>
}

/** What a supervisor starts: a container, or a process on a copy of a template. */
export type Source =
  | { readonly origin: "docker"; readonly image: string }
  | { readonly origin: "machine" | "debian"; readonly programs: Programs; readonly template: Template }

/** A server as its supervisor sees it. */
export interface Supervised {
  readonly url: string
  readonly pid: () => number | undefined
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** A server of one's own, to be killed and started again at will. */
export interface Server {
  /** Stays the same when the server is started again. */
  readonly url: string
  /** Of the server's main process; of the process in the container with Docker. */
  readonly pid: number
  readonly origin: Source["origin"]
  /**
   * Sends a signal. SIGKILL, SIGSTOP and SIGCONT go to all of the server's processes, and SIGKILL resolves when they
   * are gone; others go to the main one.
   */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  /** Starts the server again on its port and data, killed first if it still runs; resolves when it takes connections. */
  readonly restart: () => Promise<void>
  /** Ends the server and removes its data. */
  readonly stop: () => Promise<void>
}

export interface ServerOptions {
  /** Further arguments of the server, such as `["-c", "max_connections=10"]` or `["--max-connections=10"]`. */
  readonly settings?: ReadonlyArray<string>
  /** Where it may come from, the first that works; by default from wherever it can be had. */
  readonly origins?: ReadonlyArray<Source["origin"]>
}
