// What the store thread tells of how it is, for the log of main alone.

import type { Log } from '../observe/log.ts';
import { sideWorkInWords } from '../store/side-work.ts';
import type { Incarnation } from '../store/owner.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';
import type { Waiting } from './thread-body.ts';

const types = ['tookOver', 'nameTaken', 'clockOff', 'sideWork', 'unfit', 'warning'] as const;
export type StoreNews = Extract<StoreThreadNotice, { type: (typeof types)[number] }>;

export function isStoreNews(notice: StoreThreadNotice): notice is StoreNews {
  return (types as readonly string[]).includes(notice.type);
}

export function logStoreNews(log: Log, news: StoreNews): void {
  switch (news.type) {
    case 'tookOver':
      for (const { node, incarnation } of news.lives)
        log.warn({ node, incarnation }, 'a node is gone: what it had under way is due again');
      return;
    case 'nameTaken': {
      const { node, incarnation, host } = news.by;
      log.error(
        { node, incarnation, host },
        'another node has the name of this one, which accepts nothing while that one lives: give each a name of its own',
      );
      return;
    }
    case 'clockOff': {
      const seconds = Math.round(news.aheadMs / 1000);
      if (news.isOff)
        log.warn({ seconds }, 'the clock of this node is ahead of that of the store by so much');
      else log.info({}, 'the clock of this node is right again');
      return;
    }
    case 'sideWork': {
      const { because } = news;
      const work = sideWorkInWords[news.work];
      if (because === undefined) log.info({ work }, 'work beside mail is done again');
      else log.error({ work, because }, 'work beside mail fails, and is tried again');
      return;
    }
    case 'warning':
      return log.warn({ because: news.because }, 'the store needs somebody to look at it');
    case 'unfit': {
      const { because } = news;
      if (because === undefined) log.info({}, 'mail is accepted again');
      else log.error({ because }, 'nothing is accepted: the store could not keep it');
    }
  }
}

export function logNextLife(log: Log, before: Incarnation, { incarnation }: Incarnation): void {
  log.warn(
    { before: before.incarnation, incarnation },
    'this node was away, and others took over what it had under way: it begins anew',
  );
}

export function logWaiting(log: Log, { for: what, because }: Waiting): void {
  if (what === 'store') log.warn({ because }, 'the store is away: waiting for it');
  else log.warn({ because }, 'the name of this node is not free: waiting for it');
}
