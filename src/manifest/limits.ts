/**
 * What a manifest may cost to read. It can come from a stranger's pull request, so each way to make it expensive ends
 * at one of these.
 */
export const LIMITS = {
  /** Larger files are refused before they are read. */
  fileBytes: 10 * 1024 * 1024,
  /** A manifest needs six. Far deeper ones overflow the parser's stack, which can end the process rather than throw. */
  nestingLevels: 50,
  /**
   * Smallest pieces of YAML text (words, marks, spaces, line ends). 40,000 entries of six fields have 2 million, 100,000
   * short ones 3.5 million. Each costs 3 microseconds and 200 bytes, which only this bounds: 10 MiB can hold 15 million of them.
   */
  lexemes: 4_000_000,
  /** Nodes when every alias is written out. 40,000 entries that merge five fields have 800,000. */
  expandedNodes: 1_500_000,
  /** Errors that are told, and warnings; of more than that, only that there are more. */
  problems: 1_000,
  /** The most that common servers and proxies take in a request line. */
  handlerChars: 2_048,
  /** Of a value that variables are filled in, before they are. */
  filledInChars: 16 * 1024,
  nameChars: 100,
  /** Of a database or a collection. */
  limitNameChars: 200,
  /** Of a value that a message quotes. */
  quotedChars: 60,
} as const;
