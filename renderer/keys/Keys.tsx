// Who may come in, and what was done: keys and the audit chain.
import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../parts/Icon.tsx';
import { Page } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { Audit } from './Audit.tsx';
import { CreateKey } from './CreateKey.tsx';
import { KeyTable } from './KeyTable.tsx';

export function Keys() {
  const { t } = useWords();
  const [tab, setTab] = useState('keys');
  const [making, setMaking] = useState(false);
  return (
    <Page
      title={t('place.keys')}
      actions={
        <Button variant="filled" leftSection={<Icon name="plus" size={14} />} onClick={() => setMaking(true)}>
          {t('keys.create')}
        </Button>
      }
      fill
    >
      <div className="toolbar">
        <SegmentedControl
          aria-label={t('place.keys')}
          value={tab}
          onChange={setTab}
          data={[
            { value: 'keys', label: t('keys.keys') },
            { value: 'audit', label: t('keys.audit') },
          ]}
        />
      </div>
      {tab === 'keys' ? <KeyTable /> : <Audit />}
      {making ? <CreateKey onClose={() => setMaking(false)} /> : null}
    </Page>
  );
}
