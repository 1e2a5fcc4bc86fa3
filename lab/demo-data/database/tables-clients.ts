/**
 * Clients, branches and contacts as rows. The constants are those that the ERP gives to a client that comes from the CRM
 *, with the ERP as the user who made them.
 */

import { isoDay } from '../options.ts'
import type { Branch } from '../records/client.ts'
import { municipalities } from '../words/municipalities.ts'
import { columnsOf, constantsOf, type Table, textOf } from './table.ts'

const HOME = 'BR'
/** `default_city` of ponte_settings: never a row of CITIES. */
const UNKNOWN_CITY = '10000'

const CLIENT_CONSTANTS = constantsOf(`
  country=BR country_code=BR client_type=1 account_level=1 price_calculation_type=1 credit_limit=0 credit_limit_indicator=2
  person_type=02 plant_code=DUP accounting_indicator=0 cost_center=0 commission_type=0 is_intercompany=N protest_indicator=S
  interest_indicator=S letter_protest_indicator=S letter_interest_indicator=S pay_monday=S pay_tuesday=S pay_wednesday=S
  pay_thursday=S pay_friday=S pay_saturday=S pay_sunday=S pay_advance_retreat=A financial_cost_indicator=N has_edi=N sale_type=N
  commercial_deliveries=N block_billing=N show_calculated_price_rep=N created_by=ERP
`)

const BRANCH_CONSTANTS = constantsOf(`
  country=BR active=S check_old_order_reference=S print_pallet_label=S last_update_user=ERP created_by=ERP fain_code=1 has_edi=N
  use_additional_reference=N allow_sales_supp_item=N require_dun_label=N send_invoice_ws=0 allow_quality_corrections=0
  default_unit_measure=MI default_invoice_items_order=DITB_DITE_CODE taxid_status=A quality_standard=STANDARD
  tolerance_display_type=P client_approval_pdf=I client_approval_ab=I
`)
const clientConstants = Object.values(CLIENT_CONSTANTS)
const branchConstants = Object.values(BRANCH_CONSTANTS)

const cityOf = (branch: Branch): string => (branch.hasCity ? String(branch.address.city + 1) : UNKNOWN_CITY)
const stateOf = (branch: Branch): string => municipalities[branch.address.city]!.state

const clients: Table = {
  name: 'clients',
  columns: [
    ...columnsOf('client_code company_name trading_name address district city state_code zipcode address_number complement created_on'),
    ...Object.keys(CLIENT_CONSTANTS),
  ],
  *rows({ code, company, branches, createdDay }) {
    const seat = branches[0]!
    const { street, district, zip, number, complement } = seat.address
    const own = [
      String(code),
      company.name,
      company.tradingName,
      street,
      district,
      cityOf(seat),
      stateOf(seat),
      zip,
      textOf(number),
      complement,
    ]
    yield [...own, isoDay(createdDay), ...clientConstants]
  },
}

const branches: Table = {
  name: 'branches',
  columns: [
    ...columnsOf(`
    client code description address address_number district complement zipcode city state sales_rep phone taxid
    tax_registration email integrate_crm id_crm contact last_update_date created_on
  `),
    ...Object.keys(BRANCH_CONSTANTS),
  ],
  *rows({ code, branches }) {
    for (const branch of branches) {
      const { street, number, district, complement, zip } = branch.address
      const created = isoDay(branch.createdDay)
      yield [
        String(code),
        String(branch.code),
        branch.description,
        street,
        textOf(number),
        district,
        complement,
        zip,
        cityOf(branch),
        stateOf(branch),
        textOf(branch.salesRep),
        branch.phone,
        branch.storedTaxId,
        branch.registration,
        branch.email,
        branch.flag,
        textOf(branch.crmId),
        branch.contacts[0]?.name ?? null,
        created,
        created,
        ...branchConstants,
      ]
    }
  },
}

const clientIndustries: Table = {
  name: 'client_industries',
  columns: columnsOf('client branch industry status activation_date'),
  *rows({ code, branches }) {
    for (const branch of branches) {
      for (const industry of branch.industries) yield [String(code), String(branch.code), String(industry), 'A', isoDay(branch.createdDay)]
    }
  },
}

const creditHistory: Table = {
  name: 'credit_limit_history',
  columns: columnsOf('client_code sequence_number entry_date observations entry_user'),
  *rows({ code, credit }) {
    for (const line of credit) yield [String(code), String(line.sequence), isoDay(line.day), line.observations, line.user]
  },
}

const repBranches: Table = {
  name: 'sales_rep_branches',
  columns: columnsOf('client_code branch_code sales_rep_code effective_date from_to_client from_to_branch'),
  *rows({ code, branches }) {
    for (const { code: branch, salesRep, createdDay } of branches) {
      if (salesRep !== null) yield [String(code), String(branch), String(salesRep), isoDay(createdDay), String(code), String(branch)]
    }
  },
}

/** Bills go to the client's first branch. */
const billingAddresses: Table = {
  name: 'billing_addresses',
  columns: columnsOf(`
    billing_address_seq client_code branch_code billing_address billing_zipcode city_code state_code country_code
    billing_district billing_phone email complement address_number
  `),
  *rows({ code, branches }) {
    const seat = branches[0]!
    const { street, zip, district, complement, number } = seat.address
    const place = [cityOf(seat), stateOf(seat), HOME, district]
    yield ['1', String(code), String(seat.code), street, zip, ...place, seat.phone, seat.email, complement, textOf(number)]
  },
}

const contact: Table = {
  name: 'contact',
  columns: columnsOf('code name email phone job_title_desc job_title_code branch_client branch_code is_primary id_crm'),
  *rows({ code, branches }) {
    for (const branch of branches) {
      for (const one of branch.contacts) {
        const person = [String(one.code), one.name, one.email, one.phone, one.jobTitle, textOf(one.jobTitleCode)]
        yield [...person, String(code), one.hasBranch ? String(branch.code) : null, one.isPrimary, textOf(one.crmId)]
      }
    }
  },
}

export const clientTables: readonly Table[] = [clients, branches, clientIndustries, creditHistory, repBranches, billingAddresses, contact]
