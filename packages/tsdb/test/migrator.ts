// Opens the database given as an open store would, and kills itself before the migration is committed. Run by schema.test.ts.

import { openDatabase } from '@promlet/sqlite'
import { migrations } from '../src/schema.ts'

const [path = ''] = process.argv.slice(2)
const die = () => {
  process.kill(process.pid, 'SIGKILL')
  // The signal is not always there at once.
  for (;;);
}
openDatabase({ path, migrations: [...migrations, die] })
