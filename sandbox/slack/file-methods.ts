import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import {
  accept,
  type Method,
  type MethodAnswer,
  type MethodContext,
  readJsonArgument,
  refuse,
} from './method.ts';
import type { StoredFile } from './store.ts';

function getUploadUrl({ store, uploads }: MethodContext, args: JsonObject): MethodAnswer {
  const name = readString(args, 'filename');
  const length = Number(args.length);
  if (name === undefined || !Number.isSafeInteger(length) || length <= 0) return refuse('invalid_arguments');
  const id = store.newId('F');
  return accept({ upload_url: uploads.start({ id, name, length }), file_id: id });
}

function completeUpload({ directory, store, uploads }: MethodContext, args: JsonObject): MethodAnswer {
  const channelId = readString(args, 'channel_id');
  const channel = channelId === undefined ? undefined : directory.channels.get(channelId);
  if (channelId !== undefined && channel === undefined) return refuse('channel_not_found');
  if (channel?.isArchived) return refuse('is_archived');
  if (channel?.members.has(directory.botUserId) === false) return refuse('not_in_channel');
  const threadTs = readString(args, 'thread_ts');
  const asked = readJsonArgument(args, 'files');
  const files: StoredFile[] = [];
  for (const entry of readObjects(asked).filter(isObject)) {
    const upload = uploads.get(readString(entry, 'id') ?? '');
    if (upload?.bytes === undefined || upload.bytes.length !== upload.length) return refuse('file_not_found');
    const { id, name, bytes } = upload;
    const place = { ...(channel ? { channelId: channel.id } : {}), ...(threadTs ? { threadTs } : {}) };
    files.push({ id, name, title: readString(entry, 'title') ?? name, bytes, ...place });
  }
  if (files.length === 0) return refuse('invalid_arguments');
  for (const file of files) {
    uploads.finish(file.id);
    store.addFile(file);
  }
  if (channel !== undefined)
    store.addMessage(
      { channelId: channel.id, userId: directory.botUserId, threadTs },
      {
        text: readString(args, 'initial_comment') ?? '',
        blocks: [],
        files: files.map(({ bytes: _bytes, ...file }) => file),
      },
    );
  return accept({ files: files.map(({ id, title, name }) => ({ id, title, name })) });
}

/** files.* */
export const FILE_METHODS: Readonly<Record<string, Method>> = {
  'files.getUploadURLExternal': { scope: 'files:write', token: 'bot', tier: 4, run: getUploadUrl },
  'files.completeUploadExternal': { scope: 'files:write', token: 'bot', tier: 4, run: completeUpload },
};
