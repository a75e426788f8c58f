/**
 * What a manifest may cost to read. It can come from a stranger's pull request, so each way to make it expensive ends
 * at one of these.
 */
export const LIMITS = {
  /** Larger files are refused before they are read. 10,000 entries with comments fit. */
  fileBytes: 2 * 1024 * 1024,
  /** A manifest needs six. Much deeper ones overflow the stack of the YAML library. */
  nestingLevels: 50,
  /** Smallest pieces of YAML text: words, marks, spaces, line ends. 10,000 entries of six fields have 620,000. */
  lexemes: 650_000,
  /** Written ones. 10,000 entries of which each has ten. */
  aliases: 100_000,
  /** Nodes when every alias is written out. 10,000 entries that merge five fields have 200,000. */
  expandedNodes: 500_000,
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
