// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import type { ProblemInfo } from './info.js';

/** About the manifest as a file and as YAML. */
export const MANIFEST_FILE = {
  'manifest-missing': {
    ends: 'input',
    means: 'There is no file where the manifest should be.',
    remedy:
      'Write it (`init` makes one to start from), or say where it is with `--file`. In a container, look at the mount.',
  },
  'manifest-unreadable': {
    ends: 'input',
    means: 'The manifest is a folder or a pipe, or this user may not read it, or the disk is in trouble.',
    remedy: 'Name a regular file, and give the user that runs the program the right to read it.',
  },
  'manifest-too-large': {
    ends: 'input',
    means: 'The manifest is larger than 10 MiB.',
    remedy: 'Check the path. If it really is the manifest, make several of it, each with a state file of its own.',
  },
  'not-utf8': {
    ends: 'input',
    means: 'A byte of the manifest is not UTF-8; the place is in the message.',
    remedy: 'Save the file as UTF-8.',
  },
  'yaml-syntax': {
    ends: 'input',
    means: 'The text is not YAML at this place.',
    remedy:
      'Look at the line shown and the one before: indentation, quotes, brackets, colons. `${NAME}` inside `[ ]` needs quotes.',
  },
  'control-character': {
    ends: 'input',
    means: 'The text holds a character that YAML does not allow.',
    remedy: 'Remove it. In a quoted value it can be written as an escape.',
  },
  'unsupported-tag': {
    ends: 'input',
    means: 'A value has a tag such as `!!binary` or `!Ref`. A manifest holds only text, numbers, lists and mappings.',
    remedy: 'Remove the tag.',
  },
  'unsupported-directive': {
    ends: 'input',
    means: 'A line that begins with `%` says something other than `%YAML 1.2`; it would change what values mean.',
    remedy: 'Remove the line.',
  },
  'several-documents': {
    ends: 'input',
    means: 'After a line `---` begins a second document.',
    remedy: 'Put all entries under one `webhooks`, or make two files.',
  },
  'too-complex': {
    ends: 'input',
    means: 'The text is nested deeper, or has more words and marks, than a manifest may have ([limits](security.md)).',
    remedy: 'Check the brackets and dashes; of a manifest that really is so large make several.',
  },
  'too-many-errors': {
    ends: 'input',
    means: 'There are so many errors of syntax that the rest was not looked at.',
    remedy: 'Check that the file is the manifest; mend the first errors and look again.',
  },
  'more-problems': {
    ends: 'input',
    means:
      'There are more problems in the manifest or the settings file than are told. Where all of them are warnings, so is this.',
    remedy: 'Mend those that are told and look again.',
  },
  'alias-bomb': {
    ends: 'input',
    means: 'With all aliases written out the manifest would be of enormous size.',
    remedy: 'Use fewer aliases to values that hold aliases themselves.',
  },
  'unknown-alias': {
    ends: 'input',
    means: 'An alias (`*name`) has no anchor (`&name`) before it.',
    remedy: 'Put the anchor above the alias, or mend the name.',
  },
  'endless-alias': {
    ends: 'input',
    means: 'An alias stands inside of what it stands for.',
    remedy: 'Write the values out.',
  },
  'bad-key': {
    ends: 'input',
    means: 'The name of a field is not text.',
    remedy: 'Write plain text before the colon.',
  },
  'duplicate-key': {
    ends: 'input',
    means: 'A field stands twice in one mapping; the message says where it stands first.',
    remedy: 'Remove one of them. Several mappings are merged with `<<: [*a, *b]`.',
  },
  'bad-merge': {
    ends: 'input',
    means: 'A merge key (`<<`) is given something that is no mapping.',
    remedy: 'Write `<<: *name`, where `&name` stands before a mapping, or `<<: [*a, *b]`.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;
