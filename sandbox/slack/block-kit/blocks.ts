/** What Slack accepts as a block, and on which surface. Pure. */

import { LIMITS } from '../../../src/slack/views/limits.ts';
import {
  addFault,
  anyText,
  anything,
  array,
  boolean,
  byType,
  type Check,
  integer,
  isObject,
  mrkdwnText,
  object,
  oneOf,
  optional,
  plainText,
  required,
  type Surface,
  string,
} from './checks.ts';
import {
  actionsElement,
  button,
  contextActionsElement,
  imageElement,
  inputElement,
  sectionAccessory,
} from './elements.ts';
import { richTextElements } from './rich-text.ts';
import { dataTable, dataVisualization, table } from './tables.ts';

const everywhere: readonly Surface[] = ['message', 'modal', 'home'];
const notModal: readonly Surface[] = ['message', 'home'];

/** Where each block may stand: Slack's Block Kit reference, 2026. */
const SURFACES: Readonly<Record<string, readonly Surface[]>> = {
  actions: everywhere,
  alert: ['modal'],
  card: everywhere,
  carousel: notModal,
  container: notModal,
  context: everywhere,
  context_actions: ['message'],
  data_table: notModal,
  data_visualization: ['message'],
  divider: everywhere,
  file: ['message'],
  header: everywhere,
  image: everywhere,
  input: everywhere,
  markdown: ['message'],
  plan: ['message'],
  rich_text: everywhere,
  section: everywhere,
  table: notModal,
  task_card: ['message'],
  video: everywhere,
};

const type = required(anything);
const base = { type, block_id: optional(string(LIMITS.blockId)) };
const contextText = anyText(LIMITS.text);

const textOrFields: Check = (inspection, pointer, value) => {
  if (isObject(value) && value.text === undefined && value.fields === undefined)
    addFault(inspection, pointer, 'must have either text or fields');
};

const oneSource: Check = (inspection, pointer, value) => {
  if (isObject(value) && (value.image_url === undefined) === (value.slack_file === undefined))
    addFault(inspection, pointer, 'must have either image_url or slack_file');
};

const containerTitle: Check = (inspection, pointer, value) => {
  if (isObject(value) && value.title === undefined && value.rich_text_title === undefined)
    addFault(inspection, pointer, 'must have either title or rich_text_title');
};

const card: Check = object(
  {
    ...base,
    hero_image: optional(imageElement),
    icon: optional(imageElement),
    slack_icon: optional(anything),
    title: optional(mrkdwnText(LIMITS.card.title)),
    subtitle: optional(mrkdwnText(LIMITS.card.subtitle)),
    body: optional(mrkdwnText(LIMITS.card.body)),
    subtext: optional(mrkdwnText(LIMITS.card.subtext)),
    actions: optional(array(button, LIMITS.card.actions)),
  },
  (inspection, pointer, value) => {
    if (
      isObject(value) &&
      !['hero_image', 'title', 'actions', 'body'].some((name) => value[name] !== undefined)
    )
      addFault(inspection, pointer, 'must have at least one of hero_image, title, actions or body');
  },
);

const richText: Check = object({ ...base, elements: richTextElements });

const CHILDREN: Readonly<Record<string, Check>> = {
  actions: object({ ...base, elements: required(array(actionsElement, LIMITS.actions.elements)) }),
  context: object({
    ...base,
    elements: required(
      array((inspection, pointer, value) => {
        const image = isObject(value) && value.type === 'image';
        (image ? imageElement : contextText)(inspection, pointer, value);
      }, LIMITS.context.elements),
    ),
  }),
  divider: object(base),
  file: object({ ...base, source: required(string(255)), external_id: required(string(255)) }),
  header: object({ ...base, text: required(plainText(LIMITS.header.text)), level: optional(integer(1, 4)) }),
  image: object(
    {
      ...base,
      alt_text: required(string(LIMITS.image.altText)),
      title: optional(plainText(LIMITS.image.title)),
      image_url: optional(string(LIMITS.image.url)),
      slack_file: optional(anything),
    },
    oneSource,
  ),
  input: object({
    ...base,
    label: required(plainText(LIMITS.input.label)),
    hint: optional(plainText(LIMITS.input.hint)),
    optional: optional(boolean),
    dispatch_action: optional(boolean),
    element: required(inputElement),
  }),
  rich_text: richText,
  section: object(
    {
      ...base,
      text: optional(anyText(LIMITS.section.text)),
      fields: optional(array(anyText(LIMITS.section.field), LIMITS.section.fields)),
      accessory: optional(sectionAccessory),
      expand: optional(boolean),
    },
    textOrFields,
  ),
  table,
  video: anything,
};

const BLOCKS: Readonly<Record<string, Check>> = {
  ...CHILDREN,
  alert: object({
    ...base,
    text: required(anyText(LIMITS.alert.text)),
    level: optional(oneOf('default', 'info', 'warning', 'error', 'success')),
  }),
  card,
  carousel: object({
    ...base,
    elements: required(
      array(
        byType(() => ({ card })),
        LIMITS.carousel.elements,
      ),
    ),
  }),
  container: object(
    {
      ...base,
      title: optional(plainText(LIMITS.container.title)),
      rich_text_title: optional(byType(() => ({ rich_text: richText }))),
      subtitle: optional(anyText(LIMITS.container.subtitle)),
      child_blocks: required(
        array(
          byType(() => CHILDREN),
          LIMITS.container.children,
        ),
      ),
      width: optional(oneOf('narrow', 'standard', 'wide', 'full')),
      icon: optional(imageElement),
      is_collapsible: optional(boolean),
      default_collapsed: optional(boolean),
      has_header_divider: optional(boolean),
    },
    containerTitle,
  ),
  context_actions: object({
    ...base,
    elements: required(array(contextActionsElement, LIMITS.contextActions.elements)),
  }),
  data_table: dataTable,
  data_visualization: dataVisualization,
  markdown: object({ ...base, text: required(string(LIMITS.message.markdownCharacters)) }),
  plan: anything,
  task_card: anything,
};

/** Any block, on the surface of the inspection. */
export const block: Check = (inspection, pointer, value) => {
  byType(() => BLOCKS)(inspection, pointer, value);
  const kind = isObject(value) && typeof value.type === 'string' ? value.type : undefined;
  if (kind === undefined || !Object.hasOwn(SURFACES, kind)) return;
  if (SURFACES[kind]?.includes(inspection.surface) !== true)
    addFault(
      inspection,
      `${pointer}/type`,
      `unsupported type: ${kind} (not allowed in a ${inspection.surface})`,
    );
};
