// The pages about the account of who is signed in, and their acts.

import type { Act, Page } from '../../page.ts';
import { changeOwnSignIn, ownSignIn } from '../own-sign-in.ts';
import { changeMyDevices, myDevices } from './devices.ts';
import { myLimits } from './limits.ts';
import { myMail, myMessage } from './mail.ts';
import { mySetup, mySetupFile } from './setup.ts';
import { changeMyPassword, endMySession } from './sign-ins.ts';
import { stopMyAccount, stopPage } from './stop.ts';
import { setMyUndoWindow, undoMyMessage } from './undo.ts';

/** In the order of the menu. */
export const ownPages: readonly Page[] = [
  ...[myMail, myDevices, myLimits, mySetup, ownSignIn],
  ...[myMessage, stopPage],
];

export const ownActs: readonly Act[] = [
  ...[changeOwnSignIn, changeMyDevices, changeMyPassword, endMySession],
  ...[mySetupFile, stopMyAccount, undoMyMessage, setMyUndoWindow],
];
